import { stoppedUsdPerHour } from '../../domain/pricing/offers.ts';
import { measuredDemand } from '../../domain/scaling/demand.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { PoolStatus, ScalingStatus } from '../../ports/contracts/operator.ts';
import { type SlotBody, slotBodySchema } from '../../ports/contracts/slot-record.ts';
import type { ScalerDeps } from '../scaler/deps.ts';
import type { Fleet } from '../scaler/fleet.ts';
import { readPoolMemory, readRegionMemory } from '../scaler/memory.ts';
import { defaultSlaId, type Pool, poolsOf } from '../scaler/pools.ts';
import { leadMsOf, readFleet, requestedPools } from '../scaler/scale-region.ts';

/** How far back the last slot of a pool is looked for. */
const slotsBack = 6;
/** A fault that is not seen again is dropped from status after this many slots. */
const faultSlots = 3;

export interface ScalingStatusDependencies {
  scaler: ScalerDeps;
  geography: string;
  /** Faults of the configuration in force. */
  configFaults: () => { kind: string; detail: string }[];
}

/** Everything that `oaas status` shows of one region, from rows alone: any instance may answer. */
export async function scalingStatus(deps: ScalingStatusDependencies): Promise<ScalingStatus> {
  const { scaler } = deps;
  const nowMs = scaler.clock.nowMs();
  const { fleet, config } = await readFleet(scaler, nowMs);
  const requested = await requestedPools({ deps: scaler, nowMs, fleet });
  const pools: PoolStatus[] = [];
  for (const pool of poolsOf(scaler.region, config, requested).values()) {
    const slots = await recentSlots(scaler, pool.poolId, nowMs);
    const { demand } = await readPoolMemory(scaler.state, pool.poolId, nowMs);
    pools.push({ ...poolStatus(pool, fleet, slots, nowMs), measuredDemand: measuredDemand(demand) });
  }
  return {
    region: scaler.region,
    geography: deps.geography,
    atMs: nowMs,
    slotMs: scaler.options.slotMs,
    apps: [...config.apps.values()].map((app) => ({
      id: app.id,
      version: app.manifest.version,
      groupId: config.groupOf(app),
      slaId: app.manifest.slaId ?? defaultSlaId,
    })),
    pools,
    ...(await bootTimes(scaler)),
    rentUsdPerHour: rentOf(fleet),
    vms: fleet.live().map((vm) => {
      const beat = fleet.heartbeats.get(vm.vmId);
      return {
        vmId: vm.vmId,
        poolId: vm.poolId,
        offer: offerIdOf(vm),
        zone: vm.zone ?? null,
        state: vm.state,
        running: beat?.running ?? null,
        waiting: beat?.waiting ?? null,
        url: beat?.url ?? null,
        isolation: beat?.isolation ?? null,
        ageS: (nowMs - vm.launchedAtMs) / 1000,
      };
    }),
    faults: deps.configFaults(),
  };
}

/** USD per hour of everything that exists; a stopped machine costs its disk. */
export const rentOf = (fleet: Fleet): number =>
  fleet.existing().reduce((sum, vm) => sum + (vm.state === 'stopped' ? stoppedUsdPerHour : vm.priceUsdPerHour), 0);

async function bootTimes(scaler: ScalerDeps): Promise<Pick<ScalingStatus, 'bootTimes' | 'leadS'>> {
  const memory = await readRegionMemory(scaler.state, scaler.region);
  const bootTimes = Object.fromEntries(
    Object.entries(memory.boots ?? {}).map(([key, { p50S, p90S, samplesS }]) => [
      key,
      { p50S, p90S, boots: samplesS.length },
    ]),
  );
  return { bootTimes, leadS: leadMsOf(scaler, memory) / 1000 };
}

async function recentSlots(scaler: ScalerDeps, poolId: string, nowMs: number): Promise<SlotBody[]> {
  const { slotMs } = scaler.options;
  const rows = await scaler.state.listSlots(poolId, nowMs - slotsBack * slotMs, nowMs + slotMs);
  return rows
    .flatMap((row) => {
      const parsed = slotBodySchema.safeParse(row.body);
      return parsed.success ? [parsed.data] : [];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

/** @param slots of the pool, oldest first */
export function poolStatus(
  pool: Pool,
  fleet: Fleet,
  slots: readonly SlotBody[],
  nowMs: number,
): Omit<PoolStatus, 'measuredDemand'> {
  const vms = fleet.live().filter((vm) => vm.poolId === pool.poolId);
  const beats = fleet.poolHeartbeats(pool.poolId);
  const last = slots.at(-1);
  const regular = slots.filter((slot) => slot.kind === 'slot').at(-1);
  const count = (state: string) => vms.filter((vm) => vm.state === state).length;
  const offers = new Map<string, number>();
  for (const vm of vms) offers.set(offerIdOf(vm), (offers.get(offerIdOf(vm)) ?? 0) + 1);
  const { id, indicator, targetMs, planner } = pool.sla;
  return {
    poolId: pool.poolId,
    groupId: pool.groupId,
    dispatch: { mode: pool.group.dispatch.mode, policy: pool.group.dispatch.policy },
    sla: { id, indicator, targetMs, planner },
    predictedMs: last?.plan.predictedMs[indicator] ?? null,
    measuredMeanMs: regular?.observed.meanResponseMs ?? null,
    predictedMeanMs: last?.plan.predictedMs.mean ?? null,
    predictedP95Ms: last?.plan.predictedMs.p95 ?? null,
    measuredP95Ms: regular?.observed.p95ResponseMs ?? null,
    fluidUsdPerHour: last?.plan.fluidUsdPerHour ?? null,
    paperUsdPerHour: regular?.plan.alternatives?.find(({ id }) => id === 'paper')?.costUsdPerHour ?? null,
    arrivalRatePerS: regular?.observed.arrivalRatePerS ?? null,
    forecastRatePerS: last?.forecast.quantileRatePerS ?? null,
    demandS: last?.observed.demandS ?? null,
    refused: regular?.observed.refused ?? 0,
    running: beats.reduce((sum, beat) => sum + beat.running, 0),
    waiting: beats.reduce((sum, beat) => sum + beat.waiting, 0),
    vms: {
      starting: count('starting'),
      ready: count('ready'),
      draining: count('draining'),
      unhealthy: count('unhealthy'),
      stopped: fleet.stopped(pool.poolId).length,
    },
    fleet: [...offers].map(([offer, n]) => ({ offer, count: n })),
    rentUsdPerHour: vms.reduce((sum, vm) => sum + vm.priceUsdPerHour, 0),
    lastSlotMs: regular?.atMs ?? null,
    faults: slots
      .filter((slot) => nowMs - slot.atMs < faultSlots * slot.slotMs)
      .flatMap((slot) => slot.outcome.faults)
      .slice(-5),
  };
}
