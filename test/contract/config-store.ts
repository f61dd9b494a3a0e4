import { beforeEach, describe, expect, it } from 'vitest';
import type { ConfigStore } from '../../lib/ports/config-store.ts';

/** What every adapter of ConfigStore must do; `create` gives an empty store. */
export function configStoreContract(adapter: string, create: () => Promise<ConfigStore>): void {
  describe(`ConfigStore contract: ${adapter}`, () => {
    let store: ConfigStore;
    beforeEach(async () => {
      store = await create();
    });

    it('returns what was written, whatever it is, and counts versions', async () => {
      expect(await store.get('sla', 'gold')).toBeNull();
      for (const [i, body] of [{ id: 'gold', targetMs: 10 }, 'not even an object', null, [1]].entries()) {
        expect(await store.put('sla', 'gold', body, { nowMs: 5 + i })).toBe('written');
        expect(await store.get('sla', 'gold')).toMatchObject({
          kind: 'sla',
          id: 'gold',
          version: i + 1,
          updatedAtMs: 5 + i,
        });
      }
      expect((await store.get('sla', 'gold'))?.body).toEqual([1]);
    });

    it('keeps kinds apart', async () => {
      await store.put('sla', 'same', { a: 1 }, { nowMs: 0 });
      await store.put('group', 'same', { b: 2 }, { nowMs: 0 });
      expect((await store.list('sla')).map((row) => row.body)).toEqual([{ a: 1 }]);
      expect(await store.list('app')).toEqual([]);
    });

    it('lets exactly one of several writers win over the same version', async () => {
      const create = await Promise.all(
        [1, 2, 3, 4].map((n) => store.put('sla', 'x', { n }, { nowMs: 0, expectedVersion: 0 })),
      );
      expect(create.filter((outcome) => outcome === 'written').length).toBe(1);
      const update = await Promise.all(
        [5, 6, 7].map((n) => store.put('sla', 'x', { n }, { nowMs: 0, expectedVersion: 1 })),
      );
      expect(update.filter((outcome) => outcome === 'written').length).toBe(1);
      expect((await store.get('sla', 'x'))?.version).toBe(2);
    });

    it('says whether there was something to remove', async () => {
      await store.put('app', 'x', {}, { nowMs: 0 });
      expect(await store.remove('app', 'x')).toBe('removed');
      expect(await store.remove('app', 'x')).toBe('absent');
      expect(await store.get('app', 'x')).toBeNull();
    });
  });
}
