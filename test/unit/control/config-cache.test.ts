import { describe, expect, it } from 'vitest';
import { createConfigCache } from '../../../lib/app/config-cache.ts';
import { StoreUnavailableError } from '../../../lib/ports/errors.ts';
import { configStoreContract } from '../../contract/config-store.ts';
import { createMemoryConfig } from '../../support/memory-config.ts';
import { createMemoryState } from '../../support/memory-state.ts';

configStoreContract('in memory (test double)', async () => createMemoryConfig());

async function createCache() {
  let nowMs = 1_000;
  const store = createMemoryConfig();
  const lastGood = createMemoryState();
  const errors: string[] = [];
  const fresh = () =>
    createConfigCache({
      store,
      lastGood,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      log: { info() {}, warn() {}, error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`) },
    });
  return {
    store,
    errors,
    fresh,
    cache: fresh(),
    write: (body: unknown, id = 'gold') => store.put('sla', id, body, { nowMs: ++nowMs }),
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

describe('configuration in force', () => {
  it.each([
    ['a target below nothing', { id: 'gold', targetMs: -1 }],
    ['an unknown field', { id: 'gold', targetMs: 5, colour: 'red' }],
    ['another id', { id: 'silver', targetMs: 5 }],
    ['text', 'oops'],
    ['nothing', null],
    ['what another client writes', { S: '{broken' }],
  ])('keeps the last good document when some client writes %s', async (_, bad) => {
    const { cache, write, errors } = await createCache();
    await write({ id: 'gold', targetMs: 40 });
    await write({ id: 'other', targetMs: 70 }, 'other');
    await cache.refresh();
    await write(bad);
    await cache.refresh();
    expect(cache.get('sla', 'gold')?.targetMs).toBe(40);
    expect(cache.get('sla', 'other')?.targetMs).toBe(70);
    expect(cache.faults()).toMatchObject([{ kind: 'sla', id: 'gold', version: 2, inForce: 'last-good' }]);
    expect(cache.faults()[0]?.problems.length).toBeGreaterThan(0);
    await cache.refresh();
    expect(errors.length).toBe(1);
  });

  it('takes the mended row at once and forgets the fault', async () => {
    const { cache, write } = await createCache();
    await write({ id: 'gold', targetMs: -1 });
    await cache.refresh();
    expect(cache.get('sla', 'gold')).toBeUndefined();
    expect(cache.faults()).toMatchObject([{ inForce: 'nothing' }]);
    await write({ id: 'gold', targetMs: 30 });
    await cache.refresh();
    expect(cache.get('sla', 'gold')?.targetMs).toBe(30);
    expect(cache.faults()).toEqual([]);
  });

  it('a process that starts while the row is invalid has the last good document too', async () => {
    const { cache, fresh, write } = await createCache();
    await write({ id: 'gold', targetMs: 40 });
    await cache.refresh();
    await write('rubbish');
    const late = fresh();
    await late.ready();
    expect(late.get('sla', 'gold')?.targetMs).toBe(40);
    expect(late.faults()).toMatchObject([{ id: 'gold', inForce: 'last-good' }]);
  });

  it('goes on with its copy while the store is away, and needs one to start', async () => {
    const { cache, fresh, store, write, advance } = await createCache();
    await write({ id: 'gold', targetMs: 40 });
    await cache.ready();
    store.failWith = new StoreUnavailableError('away');
    advance(60_000);
    await cache.ready();
    expect(cache.get('sla', 'gold')?.targetMs).toBe(40);
    await expect(fresh().ready()).rejects.toThrow(StoreUnavailableError);
  });

  it('drops a row that was removed, good or bad', async () => {
    const { cache, write, store } = await createCache();
    await write({ id: 'gold', targetMs: 40 });
    await write('bad', 'worse');
    await cache.refresh();
    await store.remove('sla', 'gold');
    await store.remove('sla', 'worse');
    await cache.refresh();
    expect(cache.list('sla')).toEqual([]);
    expect(cache.faults()).toEqual([]);
  });
});
