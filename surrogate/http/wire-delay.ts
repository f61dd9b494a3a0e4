import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

interface Item {
  atMs: number;
  deliver: () => void;
}

/** First in, first out, each item `delayMs` after it came; one timer at a time. */
class DelayLine {
  readonly #delayMs: number;
  readonly #items: Item[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  push(deliver: () => void, extraMs = 0): void {
    this.#items.push({ atMs: performance.now() + this.#delayMs + extraMs, deliver });
    if (this.#timer === null) this.#arm();
  }

  #arm(): void {
    const next = this.#items[0];
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, next.atMs - performance.now()));
  }

  #flush(): void {
    this.#timer = null;
    // Timers tick in whole milliseconds: half of one early is nearer than half of one late.
    const now = performance.now() + 0.5;
    while (this.#items.length > 0 && this.#items[0]!.atMs <= now) this.#items.shift()!.deliver();
    this.#arm();
  }
}

/**
 * A socket whose bytes travel half a round trip in each direction, as to a distant data centre. The TCP handshake that the kernel already
 * answered is charged as one more round trip before the first byte.
 *
 * @param roundTripMs added round trip
 */
export function delayed(socket: Socket, roundTripMs: number): Duplex {
  const inbound = new DelayLine(roundTripMs / 2);
  const outbound = new DelayLine(roundTripMs / 2);
  let handshakeMs = roundTripMs;
  let ended = false;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      outbound.push(() => {
        if (!socket.destroyed) socket.write(chunk);
      });
      done();
    },
    final: (done) => {
      outbound.push(() => socket.end());
      done();
    },
    destroy: (error, done) => {
      outbound.push(() => socket.destroy());
      done(error);
    },
  });
  const push = (chunk: Buffer | null) => {
    if (!duplex.destroyed && !ended) duplex.push(chunk);
    if (chunk === null) ended = true;
  };
  socket.on('data', (chunk: Buffer) => {
    inbound.push(() => push(chunk), handshakeMs);
    handshakeMs = 0;
  });
  socket.on('end', () => inbound.push(() => push(null)));
  socket.on('close', () => inbound.push(() => duplex.destroy()));
  socket.on('error', () => inbound.push(() => duplex.destroy()));
  socket.setNoDelay(true);
  return duplex;
}
