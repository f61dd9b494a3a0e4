import { type PoolChain, solvePool } from './jsq-chain.ts';
import { shortenWaits } from './jsq-distance.ts';
import { type GroupOccupancy, occupyGroups } from './jsq-groups.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { staticLoad } from './static-load.ts';
import { capacityOf, type Station, vmCountOf } from './station.ts';

/**
 * A pool under JSQ: every request goes to the VM with the least networkS + (n+1)/(min(n+1, m) μ_core), ties uniform.
 *
 * @returns undefined when λ ≥ Σ m μ_core
 */
export function jsqLoad(asGiven: readonly Station[], arrivalRatePerS: number): PoolLoad | undefined {
  if (arrivalRatePerS >= capacityOf(asGiven)) return undefined;
  if (vmCountOf(asGiven) === 1) return staticLoad(asGiven, arrivalRatePerS, 'even');
  const { stations, standingS } = shortenWaits(asGiven, arrivalRatePerS);
  const chain = solvePool(stations, arrivalRatePerS);
  const occupied = occupyGroups(stations, arrivalRatePerS, chain);
  // The groups' levels come from one common stray, the total from the bends' own: brought to agree with it.
  const flows = matchFlow(stations, occupied, arrivalRatePerS);
  const number = stations.reduce((sum, s, g) => sum + s.count * occupied[g]!.inSystem, 0);
  const stretch = chain.inSystem / number;
  const groups = occupied.map((o, g): GroupLoad => {
    const flow = flows[g]!;
    const unused = flow < 1e-12 * arrivalRatePerS;
    return {
      arrivalRatePerS: unused ? 0 : flow,
      sojournS: unused ? 1 / stations[g]!.coreRatePerS : (o.inSystem / flow) * stretch + standingS[g]!,
      waitingS: unused ? 0 : (o.waiting / flow) * stretch + standingS[g]!,
      standingS: standingS[g]!,
      handoffS: 0,
      rates: o.rates,
    };
  });
  const waiting = groups.reduce(
    (sum, group, g) => sum + stations[g]!.count * group.arrivalRatePerS * group.waitingS,
    0,
  );
  return {
    groups,
    method: 'approximation',
    errorBoundPct: () => errorBoundPct(chain, arrivalRatePerS),
    chanceWaitingShare: waiting > 0 ? Math.min(1, numberBeyondLimits(stations, chain) / waiting) : 1,
  };
}

/** E[(K - ΣN)+]: requests that would wait however well they were spread. */
function numberBeyondLimits(stations: readonly Station[], chain: PoolChain): number {
  const { probability, tailRatio } = chain;
  const limit = stations.reduce((sum, s) => sum + s.count * s.sharingLimit, 0);
  const last = probability.length - 1;
  const tail = (probability[last]! * tailRatio) / (1 - tailRatio);
  if (limit > last) return (tail * tailRatio ** (limit - last)) / (1 - tailRatio);
  let number = tail * (last - limit + 1 / (1 - tailRatio));
  for (let k = limit + 1; k <= last; k++) number += (k - limit) * probability[k]!;
  return number;
}

/**
 * Bound on the error of the mean. Pools of one speed are within 1 % of simulation. What is uncertain is how requests
 * spread between groups when K moves about a bend where a group opens: the exposure is the rate at stake there times the
 * chance of being on either side. Fitted to 1,100 simulated pools, checked on others (test/heavy).
 */
function errorBoundPct(chain: PoolChain, arrivalRatePerS: number): number {
  let exposure = 0;
  for (const kink of chain.filling.kinks) {
    if (!kink.opensGroup) continue;
    let beyond = 0;
    for (let k = kink.at; k < chain.probability.length; k++) beyond += chain.probability[k]!;
    const stake = (Math.abs(kink.slopeChange) * kink.vms) / arrivalRatePerS;
    exposure += stake * 4 * beyond * Math.max(0, 1 - beyond);
  }
  return Math.min(15, 3.5 + 12 * exposure ** 0.25);
}

/**
 * Flow of one VM per group so that the flows add up to λ: the odds of busy cores are scaled alike, so that nothing exceeds
 * its capacity and unused groups stay unused.
 */
function matchFlow(
  stations: readonly Station[],
  occupied: readonly GroupOccupancy[],
  arrivalRatePerS: number,
): number[] {
  const flowsAt = (k: number) =>
    stations.map((s, g) => {
      const busy = Math.min(1, occupied[g]!.throughputPerS / s.capacityPerS);
      return (s.capacityPerS * k * busy) / (1 + (k - 1) * busy);
    });
  const total = (flows: readonly number[]) => stations.reduce((sum, s, g) => sum + s.count * flows[g]!, 0);
  let low = 1e-6;
  let high = 1e6;
  for (let i = 0; i < 60 && high > low * (1 + 1e-13); i++) {
    const middle = Math.sqrt(low * high);
    if (total(flowsAt(middle)) < arrivalRatePerS) low = middle;
    else high = middle;
  }
  const flows = flowsAt(high);
  const rounding = arrivalRatePerS / total(flows);
  return flows.map((flow) => flow * rounding);
}
