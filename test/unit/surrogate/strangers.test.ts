import { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Strangers, sourceOf } from '../../../surrogate/http/strangers.ts';

/** A socket that says where it comes from. */
function farSocket(address: string, port: number): Socket {
  const socket = new Socket();
  Object.defineProperties(socket, { remoteAddress: { value: address }, remotePort: { value: port } });
  return socket;
}

describe('connections without a valid ticket', () => {
  let nowMs = 0;
  let strangers: Strangers;
  const make = (perSource: number) => {
    nowMs = 0;
    strangers = new Strangers({ perSource, patienceMs: 2_000, nowMs: () => nowMs });
    return strangers;
  };
  afterEach(() => strangers.close());
  const connect = (address: string, port: number) => {
    const socket = farSocket(address, port);
    strangers.accept(socket);
    return socket;
  };
  const wait = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      nowMs += 100;
      strangers.sweep();
    }
  };

  it('are closed after their time; one that has shown a ticket never is', () => {
    make(10);
    const idle = connect('10.0.0.1', 1);
    const known = connect('10.0.0.1', 2);
    const asked = connect('10.0.0.1', 3);
    strangers.prove({ remoteAddress: '10.0.0.1', remotePort: 2 });
    const answered = strangers.checking(asked);
    wait(1_900);
    expect([idle.destroyed, known.destroyed, asked.destroyed]).toEqual([false, false, false]);
    wait(200);
    expect([idle.destroyed, known.destroyed, asked.destroyed]).toEqual([true, false, false]);
    answered();
    wait(100);
    expect([known.destroyed, asked.destroyed, strangers.count]).toEqual([false, true, 0]);
  });

  it('are capped per source, and those with a ticket take no place', () => {
    make(2);
    connect('10.0.0.1', 1);
    connect('10.0.0.1', 2);
    expect(connect('10.0.0.1', 3).destroyed).toBe(true);
    expect(connect('10.0.0.2', 3).destroyed).toBe(false);
    strangers.prove({ remoteAddress: '10.0.0.1', remotePort: 1 });
    expect(connect('10.0.0.1', 4).destroyed).toBe(false);
    expect(connect('::ffff:10.0.0.1', 5).destroyed).toBe(true);
  });

  it('that close by themselves make room', async () => {
    make(1);
    const first = connect('10.0.0.1', 1);
    const closed = new Promise((resolve) => first.once('close', resolve));
    first.destroy();
    await closed;
    expect(connect('10.0.0.1', 2).destroyed).toBe(false);
  });

  it('are not blamed for a machine that stalled', () => {
    make(10);
    const socket = connect('10.0.0.1', 1);
    wait(1_000);
    nowMs += 30_000;
    strangers.sweep();
    expect(socket.destroyed).toBe(false);
    wait(1_200);
    expect(socket.destroyed).toBe(true);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:0db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s count for %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
