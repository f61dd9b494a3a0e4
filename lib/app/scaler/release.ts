/*
 * Release of a plan's surplus. The regular run takes place a boot before its slot, and what it launches is not up at once: so the
 * machines that the new fleet does without serve until the slot has begun and every machine that the fleet counts on is ready.
 *
 * Failure modes: a machine of the new fleet that does not come keeps the old ones serving until a later plan; a lost one is the
 * business of the looks between slots, whose larger fleet then replaces the one kept here; a crash before the surplus was noted leaves it to the next
 * slot's plan.
 */
import type { PlanResult } from '../../domain/planner/types.ts';
import { chooseDrains } from '../../domain/scaling/choose-drain.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { type SlotBody, slotBodySchema } from '../../ports/contracts/slot-record.ts';
import { countByOffer } from './fleet.ts';
import { startDrain } from './health.ts';
import { launchesFailing } from './launch-health.ts';
import type { PoolMemory } from './memory.ts';
import { type Observation, observedOf } from './observe.ts';
import { outdated } from './outdated.ts';
import type { Pool } from './pools.ts';
import { addFault, type Run } from './run.ts';
import { keepUntold, takeUntold } from './untold.ts';

export type FleetCounts = PlanResult['fleet'];

/** What a plan leaves of the machines that serve. */
export interface Release {
  /** When the slot begins that it was planned for, epoch milliseconds. */
  dueMs: number;
  fleet: FleetCounts;
  /** Key of the record that tells of the plan. */
  recordMs: number;
}

/** Whether machines that the fleet counts on are still starting. */
export function awaitsMachines(run: Pick<Run, 'fleet'>, pool: Pool, fleet: FleetCounts): boolean {
  const counts = countByOffer(run.fleet.serving(pool.poolId));
  return fleet.some(({ offer, count }) => {
    const { running = 0, booting = 0 } = counts.get(offer) ?? {};
    return booting > 0 && running < count;
  });
}

/** Why nothing may be released now; null: it may. */
export function heldBack(run: Run, pool: Pool): string | null {
  if (run.unknown.size > 0) return `${[...run.unknown].join(', ')} does not answer`;
  return launchesFailing(run, pool.poolId) ? 'launches fail' : null;
}

/** Drains what serves beyond the fleet; answers which. */
export async function drainDownTo(run: Run, pool: Pool, fleet: FleetCounts): Promise<string[]> {
  const serving = run.fleet.serving(pool.poolId);
  const { billing } = run.deps.options;
  const released: string[] = [];
  for (const [offer, { running, booting }] of countByOffer(serving)) {
    const surplus = running + booting - (fleet.find((entry) => entry.offer === offer)?.count ?? 0);
    if (surplus <= 0) continue;
    const candidates = serving.map((vm) => {
      const beat = run.fleet.heartbeats.get(vm.vmId);
      return {
        vmId: vm.vmId,
        offerId: offerIdOf(vm),
        state: vm.state === 'ready' ? ('ready' as const) : ('starting' as const),
        tasks: beat ? beat.running + beat.waiting : null,
        launchedAtMs: vm.launchedAtMs,
        outdated: outdated(pool, vm).length > 0,
      };
    });
    for (const vmId of chooseDrains(candidates, offer, surplus, billing, run.nowMs)) {
      const vm = run.fleet.records.get(vmId);
      if (vm === undefined) continue;
      await startDrain(run, vm);
      released.push(vmId);
    }
  }
  return released;
}

/** Whether the slot has begun and everything that it counts on is ready. */
export const isDue = (run: Run, pool: Pool, { dueMs, fleet }: Release): boolean =>
  run.nowMs >= dueMs && !awaitsMachines(run, pool, fleet);

/** Releases what the last plan left over, once its time has come, and records it. @returns whether it was time */
export async function releaseIfDue(
  run: Run,
  pool: Pool,
  memory: PoolMemory,
  observation: Observation,
): Promise<boolean> {
  const { release } = memory;
  if (release === undefined || !isDue(run, pool, release)) return false;
  const why = heldBack(run, pool);
  if (why !== null) {
    addFault(run, pool.poolId, 'held-back', `nothing is released while ${why}`);
    return false;
  }
  delete memory.release;
  const draining = await drainDownTo(run, pool, release.fleet);
  memory.servingPlanned = run.fleet.serving(pool.poolId).length;
  const told = draining.length > 0 ? await recordOf(run, pool, release) : null;
  if (told === null) {
    keepUntold(run, pool.poolId, memory);
    return true;
  }
  const { alternatives: _, ...plan } = told.plan;
  const body: SlotBody = {
    ...told,
    kind: 'release',
    atMs: run.nowMs,
    trigger: 'the slot has begun, and the machines that it counts on are ready',
    observed: observedOf(observation),
    plan: {
      ...plan,
      fleet: release.fleet,
      actions: plan.actions.filter(({ do: what }) => what === 'drain'),
      notes: [],
    },
    outcome: { launched: [], draining, ...takeUntold(run, pool.poolId, memory) },
  };
  const { state } = run.deps;
  // Never in the place of the plan's own record.
  const slotStartMs = Math.max(run.nowMs, release.recordMs + 1);
  run.guard.accepted(await state.putSlot({ poolId: pool.poolId, slotStartMs, epoch: run.guard.epoch, body }));
  return true;
}

/** What was recorded of the plan; null: nothing that can be read. */
async function recordOf(run: Run, pool: Pool, { recordMs }: Release): Promise<SlotBody | null> {
  const [slot] = await run.deps.state.listSlots(pool.poolId, recordMs, recordMs + 1);
  return slotBodySchema.safeParse(slot?.body).data ?? null;
}

/** The larger of two fleets, offer by offer: what a look between slots adds stays when the surplus goes. */
export function largerOf(a: FleetCounts, b: FleetCounts): FleetCounts {
  const counts = new Map(a.map(({ offer, count }) => [offer, count]));
  for (const { offer, count } of b) counts.set(offer, Math.max(count, counts.get(offer) ?? 0));
  return [...counts].map(([offer, count]) => ({ offer, count }));
}
