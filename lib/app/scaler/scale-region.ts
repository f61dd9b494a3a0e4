/*
 * The scaler of one region: observe, forecast, plan, apply, record (docs/architecture.md), under one lease.
 *
 * Failure modes. Another holder of the lease: this run does nothing. Lease lost half-way (slow store, paused process): the run stops
 * before its next effect. Crash at any point: the next run carries open intents out under the same token and takes the machines
 * over. Store or the whole provider unreachable: the run ends with everything as it is; unknown is not zero. One data centre that does
 * not answer: its machines are held, nothing is launched there and nothing released anywhere, the others carry the load.
 */
import { alignedTickAfter } from '../../domain/scaling/aligned-start.ts';
import { type BootLog, measuredLeadMs, withMeasuredBoot } from '../../domain/scaling/boot-times.ts';
import { slotDue } from '../../domain/scaling/slot-due.ts';
import { StoreUnavailableError } from '../../ports/errors.ts';
import type { RegionConfig, ScalerDeps } from './deps.ts';
import { Fleet, groupOfPool } from './fleet.ts';
import { startDrain, watchHealth } from './health.ts';
import { LeaseGuard, LeaseLostError } from './lease-guard.ts';
import { type RegionMemory, readRegionMemory, writeRegionMemory } from './memory.ts';
import { poolsOf } from './pools.ts';
import { reconcile } from './reconcile.ts';
import { addFault, type Run } from './run.ts';
import { scalePoolBetweenSlots, scalePoolForSlot } from './scale-pool.ts';
import { trimWarmPool } from './warm-pool.ts';

/** A pool that nobody asked for in this many slots is no longer looked after (its machines are long released). */
const activeSlots = 30;

/** `slot`: the regular run; `between`: health, drains, replacements and bursts; `tick`: whichever of the two is due. */
export type RunKind = 'slot' | 'between' | 'tick';

export type ScaleOutcome =
  /** `slotStartMs`: the slot that was planned, in a regular run. */
  | { status: 'done'; epoch: number; pools: string[]; slotStartMs: number | null }
  /** Another scaler holds the region; nothing was done. */
  | { status: 'not-leader' }
  | { status: 'lease-lost' | 'unavailable'; detail: string };

export async function scaleRegion(deps: ScalerDeps, kind: RunKind): Promise<ScaleOutcome> {
  const nowMs = deps.clock.nowMs();
  try {
    const lease = await deps.state.acquire(`scaler/${deps.region}`, deps.owner, deps.options.leaseTtlMs, nowMs);
    if (lease === null) return { status: 'not-leader' };
    return await runUnderLease(deps, kind, nowMs, new LeaseGuard(lease, deps.clock));
  } catch (error) {
    if (error instanceof LeaseLostError) return { status: 'lease-lost', detail: error.message };
    if (error instanceof StoreUnavailableError) return { status: 'unavailable', detail: error.message };
    throw error;
  }
}

async function runUnderLease(deps: ScalerDeps, kind: RunKind, nowMs: number, guard: LeaseGuard): Promise<ScaleOutcome> {
  const memory = await readRegionMemory(deps.state, deps.region);
  const slotStartMs = slotToPlan(deps, kind, nowMs, memory);
  const run = await startRun(deps, nowMs, guard, memory);
  // Listed after the registry was read: a machine launched in between has its intent open and is taken over from there.
  const listing = await deps.provider.list();
  for (const { dataCentre, reason } of listing.unknown) {
    run.unknown.add(dataCentre);
    addFault(
      run,
      '',
      'provider-unknown',
      `${dataCentre} does not answer, its machines are held as they are: ${reason}`,
    );
  }
  run.fleet.startable = new Set(listing.vms.filter((vm) => vm.state === 'stopped').map((vm) => vm.vmId));
  await reconcile(run, listing.vms);
  await watchHealth(run);

  const pools = poolsOf(deps.region, run.config, await requestedPools(run));
  await drainForeignPools(run, pools);
  for (const pool of pools.values()) {
    if (slotStartMs === null) await scalePoolBetweenSlots(run, pool);
    else await scalePoolForSlot(run, pool, slotStartMs);
  }
  if (!configMayBeIncomplete(run.config)) await trimWarmPool(run, pools);
  if (slotStartMs !== null) run.memory.plannedSlotMs = slotStartMs;
  await writeRegionMemory(deps.state, deps.region, run.memory, guard);
  return { status: 'done', epoch: guard.epoch, pools: [...pools.keys()], slotStartMs };
}

/** How long before its slot this region's regular run takes place. */
export const leadMsOf = ({ options }: Pick<ScalerDeps, 'options'>, { launches = {} }: RegionMemory): number =>
  measuredLeadMs(launches, options.leadMs, options.leastLeadMs, options.slotMs);

/** A tick early by less than this share of the looks' distance (clocks apart) is the tick itself, not one still to come. */
const earlyShare = 1 / 10;

function slotToPlan(deps: ScalerDeps, kind: RunKind, nowMs: number, memory: RegionMemory): number | null {
  const { slotMs, leadMs: firstLeadMs, lookEveryMs } = deps.options;
  const leadMs = leadMsOf(deps, memory);
  if (kind === 'between') return null;
  // A run takes place shortly before the slot it plans for.
  if (kind === 'slot') return Math.round((nowMs + leadMs) / slotMs) * slotMs;
  const aligned = alignedTickAfter(nowMs + earlyShare * lookEveryMs, slotMs, firstLeadMs);
  const nextLookMs = Math.min(nowMs + lookEveryMs, aligned);
  return slotDue({ nowMs, slotMs, leadMs, nextLookMs, plannedMs: memory.plannedSlotMs ?? null });
}

async function startRun(deps: ScalerDeps, nowMs: number, guard: LeaseGuard, memory: RegionMemory): Promise<Run> {
  const view = await readFleet(deps, nowMs, memory.boots);
  return { deps, guard, nowMs, memory, ...view, faults: new Map(), unknown: new Set(), terminated: new Map() };
}

/**
 * Configuration, offers and machines as they stand.
 *
 * @param boots measured times that go before the catalogue's
 */
export async function readFleet(
  deps: ScalerDeps,
  nowMs: number,
  boots: BootLog = {},
): Promise<Pick<Run, 'config' | 'offers' | 'fleet'>> {
  const config = await deps.config();
  const offers = withMeasuredBoot(await deps.provider.offers(), boots, deps.options.slotMs / 1000);
  const records = await deps.state.listVms();
  const recentMs = nowMs - 2 * deps.options.slotMs;
  const reporting = records.filter((vm) => vm.state !== 'terminated' || (vm.terminatedAtMs ?? 0) > recentMs);
  const heartbeats = await deps.state.getHeartbeats(reporting.map((vm) => vm.vmId));
  return { config, offers, fleet: new Fleet(records, heartbeats, deps.state) };
}

/** Pools that saw requests lately or still have machines. */
export async function requestedPools(run: Pick<Run, 'deps' | 'nowMs' | 'fleet'>): Promise<Set<string>> {
  const { deps, nowMs } = run;
  const active = await deps.state.activePools(nowMs - activeSlots * deps.options.slotMs);
  const held = run.fleet.live().map((vm) => vm.poolId);
  return new Set([...active, ...held]);
}

/** Machines of a pool whose group or SLA was removed are released; they would never be planned for again. */
async function drainForeignPools(run: Run, pools: ReadonlyMap<string, unknown>): Promise<void> {
  for (const vm of run.fleet.live()) {
    if (pools.has(vm.poolId) || vm.cordoned) continue;
    if (configMayBeIncomplete(run.config) || groupOfPool(run.deps.region, vm.poolId) === null) continue;
    await startDrain(run, vm);
  }
}

/** An empty configuration is a reading problem before it is a decision. */
function configMayBeIncomplete(config: RegionConfig): boolean {
  return config.groups.size === 0 || config.slas.size === 0;
}
