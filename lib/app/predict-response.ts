import type { ChoiceVm } from '../domain/dispatch/choose-vm.ts';
import { defaultThreshold } from '../domain/dispatch/hand-off.ts';
import { predictMeanS } from '../domain/queueing/predict.ts';
import type { VmGroup } from '../domain/queueing/types.ts';
import type { Clock } from '../ports/clock.ts';
import type { Classified } from './classify-request.ts';
import type { ResponsePredictor } from './place.ts';

const keepMs = 1_000;
const handoffS = 0.001;

/** The queueing model's mean response of a pool under its own dispatch, computed at most once a second per pool and app. */
export function createModelPredictor(clock: Clock): ResponsePredictor {
  const kept = new Map<string, { valueMs: number | null; atMs: number }>();
  return (pool, arrivalRatePerS, request) => {
    const key = `${request.poolId}/${request.app.digest}`;
    const nowMs = clock.monotonicMs();
    const known = kept.get(key);
    if (known !== undefined && nowMs - known.atMs < keepMs) return known.valueMs;
    const valueMs = modelMs(pool, arrivalRatePerS, request);
    kept.set(key, { valueMs, atMs: nowMs });
    return valueMs;
  };
}

function modelMs(pool: readonly ChoiceVm[], arrivalRatePerS: number, { group }: Classified): number | null {
  const { mode, policy, candidates, threshold } = group.dispatch;
  const groups = groupEqual(pool);
  const meanS = predictMeanS({
    pool: groups,
    arrivalRatePerS,
    policy: mode === 'session' ? 'session' : policy,
    ...(mode === 'session'
      ? {
          session: {
            candidates: Math.min(candidates, pool.length),
            threshold: threshold ?? defaultThreshold,
            handoffS,
          },
        }
      : {}),
  });
  // Overloaded by the model: what is present on the chosen VM says more than infinity.
  return Number.isFinite(meanS) ? meanS * 1000 : null;
}

/** VMs with the same figures as one group: the model's cost grows with the groups, not with the VMs. */
function groupEqual(pool: readonly ChoiceVm[]): VmGroup[] {
  const groups = new Map<string, VmGroup>();
  for (const vm of pool) {
    const key = `${vm.serviceRatePerS}/${vm.parallelism}/${vm.networkS}`;
    const group = groups.get(key);
    if (group === undefined) {
      const cores = Math.max(1, Math.round(vm.serviceRatePerS / vm.coreRatePerS));
      groups.set(key, {
        serviceRatePerS: vm.serviceRatePerS,
        cores,
        // The mean does not depend on N beyond the tasks that progress at full speed (limited PS, exponential demand).
        sharingLimit: Math.max(1, vm.parallelism),
        count: 1,
        networkS: vm.networkS,
      });
    } else group.count++;
  }
  return [...groups.values()];
}
