import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { sampleIntent } from '../../support/samples.ts';
import { createWorld, type World } from '../../support/scaler-world.ts';

class Crash extends Error {}

/** A hook that ends its actor at the k-th operation, as a killed process would: nothing after it happens. */
function crashAt(k: number): { hook: () => void; reached: () => number } {
  let count = 0;
  return {
    hook() {
      count += 1;
      if (count >= k) throw new Crash(`at ${count}`);
    },
    reached: () => count,
  };
}

const needed = 2;

/** A region that needs two VMs: the static fleet makes "one too many" exact. */
function worldOfTwo(): World {
  const world = createWorld({ sla: { planner: 'static' }, group: { minVms: needed } });
  world.advance(20_000);
  return world;
}

async function runAgain(world: World): Promise<void> {
  // The dead run's lease has to end first.
  world.advance(20_000);
  world.beatAll();
  await scaleRegion(world.deps('successor'), 'slot');
}

function expectAdopted(world: World): void {
  const machines = world.provider
    .live()
    .map((vm) => vm.vmId)
    .sort();
  expect(machines).toHaveLength(needed);
  expect(
    world
      .liveRows()
      .map((vm) => vm.vmId)
      .sort(),
  ).toEqual(machines);
  expect([...world.state.intents.values()].filter((intent) => intent.status === 'open')).toHaveLength(0);
}

describe('a scaler that crashes', () => {
  it('at any await of its first slot leaves nothing that the next slot does not take over', async () => {
    const whole = worldOfTwo();
    const counter = crashAt(Number.POSITIVE_INFINITY);
    await scaleRegion(whole.deps('one', counter.hook), 'slot');
    expect(counter.reached()).toBeGreaterThan(15);
    for (let k = 1; k <= counter.reached(); k++) {
      const world = worldOfTwo();
      await expect(scaleRegion(world.deps('doomed', crashAt(k).hook), 'slot')).rejects.toThrow(Crash);
      await runAgain(world);
      expectAdopted(world);
      await runAgain(world);
      expectAdopted(world);
      expect(world.provider.machines.size).toBe(needed);
    }
  });

  it('while it replaces a silent machine or ends a drained one still ends with the right fleet', async () => {
    const prepare = async () => {
      const world = worldOfTwo();
      await scaleRegion(world.deps('one'), 'slot');
      const [silent, drained] = world.provider.live().map((vm) => vm.vmId);
      world.advance(30_000);
      world.beat(drained!);
      expect(silent).toBeDefined();
      return world;
    };
    const whole = await prepare();
    const counter = crashAt(Number.POSITIVE_INFINITY);
    await scaleRegion(whole.deps('two', counter.hook), 'slot');
    for (let k = 1; k <= counter.reached(); k++) {
      const world = await prepare();
      await expect(scaleRegion(world.deps('doomed', crashAt(k).hook), 'slot')).rejects.toThrow(Crash);
      await runAgain(world);
      await runAgain(world);
      expectAdopted(world);
    }
  });
});

describe('two scalers at once', () => {
  it('launch nothing twice, whoever is delayed where, and whoever loses its lease meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.nat({ max: 60 }), { maxLength: 4 }), async (scheduler, jumps) => {
        const world = worldOfTwo();
        let operations = 0;
        const hook = async (operation: string) => {
          await scheduler.schedule(Promise.resolve(), operation);
          operations += 1;
          // The clock jumps past the lease in the middle of a run: the rival takes over while the first still works.
          if (jumps.includes(operations)) world.advance(16_000);
        };
        const rival = (owner: string) =>
          scaleRegion(world.deps(owner, hook), 'slot').then((outcome) => {
            expect(['done', 'not-leader', 'lease-lost']).toContain(outcome.status);
          });
        const both = Promise.all([rival('a'), rival('b'), rival('c')]);
        await scheduler.waitFor(both);
        expect(world.provider.machines.size).toBeLessThanOrEqual(needed);
        await runAgain(world);
        await runAgain(world);
        expectAdopted(world);
      }),
      { numRuns: 200 },
    );
  });

  it('one whose lease is about to run out when its intent is written launches nothing', async () => {
    const world = worldOfTwo();
    const slow = world.deps('slow', (operation) => {
      if (operation === 'putIntent') world.advance(slow.options.leaseTtlMs - 1_000);
    });
    expect(await scaleRegion(slow, 'slot')).toMatchObject({ status: 'lease-lost' });
    expect(world.provider.calls).toEqual([]);
    await runAgain(world);
    expectAdopted(world);
  });

  it('one whose epoch the store refuses launches nothing, whatever its own clock says', async () => {
    const world = worldOfTwo();
    await world.state.putIntent(sampleIntent({ epoch: 7, status: 'done' }));
    expect(await scaleRegion(world.deps('stale'), 'slot')).toMatchObject({ status: 'lease-lost' });
    expect(world.provider.calls).toEqual([]);
  });

  it('only the holder of the lease acts', async () => {
    const world = worldOfTwo();
    expect(await scaleRegion(world.deps('a'), 'slot')).toMatchObject({ status: 'done' });
    expect(await scaleRegion(world.deps('b'), 'slot')).toEqual({ status: 'not-leader' });
    world.advance(20_000);
    expect(await scaleRegion(world.deps('b'), 'slot')).toMatchObject({ status: 'done', epoch: 2 });
  });
});
