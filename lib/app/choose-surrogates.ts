import type { ChoiceVm } from '../domain/dispatch/choose-vm.ts';
import { delayOf } from '../domain/dispatch/choose-vm.ts';
import type { Clock } from '../ports/clock.ts';
import type { PlacementRequest } from '../ports/contracts/wire.ts';
import type { Arrivals } from './arrivals.ts';
import { chooseExact, chooseSession, chooseSnapshot } from './choose-by-mode.ts';
import type { Classified } from './classify-request.ts';
import type { ResponsePredictor } from './place.ts';
import { choiceOf, demandOf, type PoolState } from './pool-state.ts';
import type { PoolVm } from './pool-view.ts';
import type { Reservations } from './reservations.ts';

/** Surrogates of one ticket, best first. */
export interface Chosen {
  vms: PoolVm[];
  predictedMs: number;
  /** Exact mode: the reservation's bucket on the first VM. */
  bucket: number | null;
}

/** Why there are none. */
export interface Refusal {
  refusal: 'saturated' | 'no-capacity' | 'too-slow' | 'too-many-outstanding';
  detail: string;
  retryAfterMs: number;
}

export interface ChooseDependencies {
  clock: Clock;
  arrivals: Arrivals;
  reservations: Reservations;
  random: () => number;
  predict?: ResponsePredictor;
}

/** One request at one pool. */
export interface Asked {
  pool: PoolState;
  principal: string;
  request: PlacementRequest;
  classified: Classified;
  /** Monotonic time after which nobody waits for the answer. */
  endMs: number;
}

/** The VMs that may take a request, as they are known now. */
export interface Scene {
  vms: readonly PoolVm[];
  /** The VMs in the terms of the dispatch functions. */
  choices(present: (vm: PoolVm, serviceRatePerS: number) => number): ChoiceVm[];
  /** Response time of the request if it goes to `first`. */
  predictedMs(choices: readonly ChoiceVm[], first: ChoiceVm): number;
}

/** Heartbeats are read again at most this often in exact mode. */
const exactRefreshMs = 10;
/** Retry-After where a VM has to boot first. */
const bootRetryMs = 2_000;
/** Where no VM has the app's runtime only an operator can help: longer than any deadline, so that nobody waits. */
const missingRuntimeRetryMs = 3_600_000;

/** Chooses by the pool's mode and policy among the VMs that may take this request. */
export async function chooseSurrogates(deps: ChooseDependencies, asked: Asked): Promise<Chosen | Refusal> {
  const { mode } = asked.classified.group.dispatch;
  if (mode === 'exact') return chooseExact(deps, asked, () => survey(deps, asked));
  const scene = await survey(deps, asked);
  if ('refusal' in scene) return scene;
  return mode === 'snapshot' ? chooseSnapshot(deps, asked, scene) : chooseSession(deps, asked, scene);
}

async function survey(deps: ChooseDependencies, asked: Asked): Promise<Scene | Refusal> {
  const { pool, request, classified } = asked;
  const { mode, snapshotRefreshMs } = classified.group.dispatch;
  const exact = mode === 'exact';
  const all = await pool.view.vms(exact ? exactRefreshMs : snapshotRefreshMs, exact);
  const serving = servingVms(all, classified);
  if ('refusal' in serving) return serving;
  const vms = eligibleVms(serving, request);
  if (!Array.isArray(vms)) return vms;
  if (vms.length === 0) return noCapacity(classified, pool);
  const nowMs = deps.clock.nowMs();
  const demandS = demandOf(pool, classified, request.method, all, nowMs);
  return {
    vms,
    choices: (present) =>
      vms.map((vm) => {
        const choice = choiceOf(vm, classified, demandS, 0);
        choice.present = present(vm, choice.serviceRatePerS);
        return choice;
      }),
    predictedMs(choices, first) {
      const modelMs = deps.predict?.(choices, deps.arrivals.ratePerS(pool.view.poolId, nowMs), classified) ?? 0;
      return Math.max(modelMs, delayOf(first) * 1000);
    },
  };
}

/** VMs that can run the app; a refusal when the pool has VMs, and all say that they lack its runtime. */
function servingVms(vms: readonly PoolVm[], { app, poolId }: Classified): readonly PoolVm[] | Refusal {
  const { runtime } = app.manifest;
  // Every agent is a Node.js program.
  if (runtime === 'node') return vms;
  const serving = vms.filter((vm) => vm.heartbeat.runtimes?.[runtime] !== null);
  if (serving.length > 0 || vms.length === 0) return serving;
  return {
    refusal: 'no-capacity',
    detail: `none of the ${vms.length} VMs of pool ${poolId} serves the runtime "${runtime}" (their logs say why); run it locally`,
    retryAfterMs: missingRuntimeRetryMs,
  };
}

/** VMs that this request may use; a refusal when the pool's VMs are all too slow for it. */
function eligibleVms(vms: readonly PoolVm[], request: PlacementRequest): PoolVm[] | Refusal {
  const { acceleration, exclude } = request;
  let eligible = vms as PoolVm[];
  if (acceleration !== undefined && vms.length > 0) {
    eligible = eligible.filter((vm) => vm.record.type.coreSpeed >= acceleration);
    if (eligible.length === 0) {
      const fastest = Math.max(...vms.map((vm) => vm.record.type.coreSpeed));
      return {
        refusal: 'too-slow',
        detail: `acceleration ${acceleration} asked, the fastest VM of the pool has ${fastest}; ask for at most that or leave acceleration out`,
        retryAfterMs: bootRetryMs,
      };
    }
  }
  if (exclude === undefined || exclude.length === 0) return eligible;
  return eligible.filter((vm) => !exclude.includes(vm.record.vmId));
}

function noCapacity(classified: Classified, pool: PoolState): Refusal {
  const others = pool.view.unavailableCount();
  return {
    refusal: 'no-capacity',
    detail: `no VM of pool ${classified.poolId} takes work now (${others} starting, draining or silent); one is being started, retry after retryAfterMs or run it locally`,
    retryAfterMs: bootRetryMs,
  };
}
