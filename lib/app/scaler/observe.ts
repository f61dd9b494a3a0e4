import { type AgentReport, type AgentWindow, advanceAgents } from '../../domain/scaling/agent-counters.ts';
import { type ArrivalWindow, advanceArrivals, lateFlushMs } from '../../domain/scaling/arrivals.ts';
import { learnDemand, poolDemandS } from '../../domain/scaling/demand.ts';
import type { SlotBody } from '../../ports/contracts/slot-record.ts';
import type { PoolMemory } from './memory.ts';
import type { Pool } from './pools.ts';
import type { Run } from './run.ts';

type View = Pick<Run, 'deps' | 'fleet' | 'nowMs'>;

export interface Observation {
  window: ArrivalWindow & { p95ResponseMs: number | null };
  demandS: number;
  running: number;
  waiting: number;
  /** Σ N over ready VMs. */
  places: number;
}

/** The same in a record's terms. */
export function observedOf({ window, demandS, running, waiting }: Observation): SlotBody['observed'] {
  const { fromMs, toMs, arrivals, refused, arrivalRatePerS, meanResponseMs, p95ResponseMs } = window;
  return {
    fromMs,
    toMs,
    arrivals,
    refused,
    arrivalRatePerS,
    meanResponseMs,
    p95ResponseMs,
    demandS,
    running,
    waiting,
  };
}

/** Beyond this the buckets of a pool's machines would not fit the 400 KB of a document; the mean is still measured. */
const mostVmsWithP95 = 300;

/** Since the last slot, or since the last look between slots. */
type Look = 'slot' | 'burst';

/** Reads the pool's counters since the last look of the same kind; advances the cursors in `memory`. */
export async function observe(run: View, pool: Pool, memory: PoolMemory, look: Look): Promise<Observation> {
  const { fleet } = run;
  const placements = await lookAtPlacements(run, pool, memory, look);
  const beats = fleet.poolHeartbeats(pool.poolId);
  const agents = lookAtAgents(run, pool, memory, look);
  memory.demand = learnDemand(
    memory.demand,
    beats.map((beat) => ({ vmId: beat.vmId, bootNonce: beat.bootNonce, byApp: beat.demandByApp })),
  );
  const ready = fleet.serving(pool.poolId).filter((vm) => vm.state === 'ready');
  return {
    window: combine(pool, placements, agents),
    demandS: poolDemandS(memory.demand, pool.demandPriorS),
    running: beats.reduce((sum, beat) => sum + beat.running, 0),
    waiting: beats.reduce((sum, beat) => sum + beat.waiting, 0),
    places: ready.reduce((sum, vm) => sum + vm.sharingLimit, 0),
  };
}

async function lookAtPlacements(run: View, pool: Pool, memory: PoolMemory, look: Look): Promise<ArrivalWindow> {
  const key = look === 'slot' ? 'slotCursor' : 'burstCursor';
  const from = Math.max(0, memory[key].atMs - lateFlushMs - 60_000);
  const rows = await run.deps.state.listArrivals(pool.poolId, from, run.nowMs + 60_000);
  const advanced = advanceArrivals(memory[key], rows, run.nowMs);
  memory[key] = advanced.cursor;
  return advanced.window;
}

function lookAtAgents(run: View, pool: Pool, memory: PoolMemory, look: Look): AgentWindow {
  const key = look === 'slot' ? 'slotAgents' : 'burstAgents';
  const seen = run.fleet.poolReports(pool.poolId);
  const withBuckets = look === 'slot' && seen.length <= mostVmsWithP95;
  const reports = seen.map(
    ({ vm, beat }): AgentReport => ({
      vmId: vm.vmId,
      bootNonce: beat.bootNonce,
      completed: beat.completed,
      refused: beat.refused,
      present: beat.running + beat.waiting,
      responseSumMs: beat.responseSumMs,
      ...(withBuckets ? { responseBuckets: beat.responseBuckets } : {}),
      networkMs: vm.networkMs,
    }),
  );
  const advanced = advanceAgents(memory[key], reports);
  memory[key] = advanced.cursor;
  return advanced.window;
}

/** One ticket of a session serves many requests, so there the agents count; elsewhere every request asks for a placement. */
function combine(pool: Pool, placements: ArrivalWindow, agents: AgentWindow): Observation['window'] {
  const refused = placements.refused + agents.refused;
  const session = pool.group.dispatch.mode === 'session';
  const arrivals = session ? agents.admitted + refused : placements.arrivals;
  const measured = agents.meanResponseMs === null ? placements : agents;
  return {
    ...placements,
    arrivals,
    refused,
    arrivalRatePerS: (arrivals * 1000) / Math.max(1, placements.toMs - placements.fromMs),
    responseCount: measured.responseCount,
    meanResponseMs: measured.meanResponseMs,
    p95ResponseMs: agents.p95ResponseMs,
  };
}
