import { erlangC } from './limited-sharing.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { roundRobinRates, roundRobinVm } from './round-robin.ts';
import { type StaticPolicy, splitArrivalRate } from './static-split.ts';
import { type Station, vmCountOf } from './station.ts';

/**
 * A pool under a static random split: equations 4-10 of the OaaS paper, E[T] = Σ p_i E[T_i], with M/M/m-LPS per VM.
 *
 * @returns undefined when some VM is overloaded
 */
export function staticLoad(
  stations: readonly Station[],
  arrivalRatePerS: number,
  policy: StaticPolicy,
): PoolLoad | undefined {
  const rates = splitArrivalRate(stations, arrivalRatePerS, policy);
  if (stations.some((s, g) => rates[g]! >= s.capacityPerS)) return undefined;
  return { groups: stations.map((s, g) => poissonVm(s, rates[g]!)), method: 'exact', errorBoundPct: () => 0 };
}

function poissonVm(station: Station, arrivalRatePerS: number): GroupLoad {
  const rho = arrivalRatePerS / station.capacityPerS;
  const delayed = erlangC(station.servers, arrivalRatePerS / station.coreRatePerS);
  const beyondCoresS = delayed / (station.capacityPerS - arrivalRatePerS);
  return {
    arrivalRatePerS,
    sojournS: 1 / station.coreRatePerS + beyondCoresS,
    waitingS: beyondCoresS * rho ** (station.sharingLimit - station.servers),
    handoffS: 0,
    rates: [arrivalRatePerS],
  };
}

/**
 * A pool under cyclic dispatch: each VM gets every C-th request. Exact, mixed fleets included.
 *
 * @returns undefined when some VM is overloaded by its λ/C
 */
export function roundRobinLoad(stations: readonly Station[], arrivalRatePerS: number): PoolLoad | undefined {
  const vms = vmCountOf(stations);
  const own = arrivalRatePerS / vms;
  if (stations.some((s) => own >= s.capacityPerS)) return undefined;
  const groups = stations.map((station): GroupLoad => {
    const vm = roundRobinVm(arrivalRatePerS, vms, station);
    return {
      arrivalRatePerS: own,
      sojournS: vm.inSystem / own,
      waitingS: vm.waiting / own,
      handoffS: 0,
      rates: roundRobinRates(own, vm.decay, station),
    };
  });
  return { groups, method: 'exact', errorBoundPct: () => 0 };
}
