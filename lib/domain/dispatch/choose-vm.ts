import { type DispatchVm, delayIndex } from './delay-index.ts';

/** How a controller spreads requests over the VMs of its pool. */
export type DispatchPolicy = 'jsq' | 'round-robin' | 'even' | 'capacity';

/** A VM that could take the next request. */
export interface ChoiceVm extends DispatchVm {
  /** Tasks present, as far as the dispatcher knows. */
  present: number;
  /** N + queue limit: no request is sent to a VM that holds this many. */
  admissionLimit: number;
  /** Requests per second with all cores busy. */
  serviceRatePerS: number;
}

/** The dispatcher's memory between choices. */
export interface DispatchCursor {
  /** VMs passed so far by round robin. */
  turn: number;
}

/**
 * Index of the VM that gets the next request, -1 when all are full.
 *
 * `jsq` least delay index, ties uniform; `round-robin` the next in order with room (IoT paper); `even` and `capacity` random
 * with p_i = 1/C and μ_i/Σμ over the VMs with room (OaaS paper, equations 4-10).
 *
 * @param random uniform in [0, 1)
 */
export function chooseVm(
  policy: DispatchPolicy,
  vms: readonly ChoiceVm[],
  cursor: DispatchCursor,
  random: () => number,
): number {
  switch (policy) {
    case 'jsq':
      return leastDelay(vms, random);
    case 'round-robin':
      return nextInTurn(vms, cursor);
    case 'even':
      return weighted(vms, () => 1, random);
    case 'capacity':
      return weighted(vms, (vm) => vm.serviceRatePerS, random);
  }
}

const hasRoom = (vm: ChoiceVm): boolean => vm.present < vm.admissionLimit;

/** Delay of the next request on this VM, seconds. */
export const delayOf = (vm: ChoiceVm): number => delayIndex(vm.present, vm.coreRatePerS, vm.parallelism, vm.networkS);

function leastDelay(vms: readonly ChoiceVm[], random: () => number): number {
  let best = -1;
  let bestDelay = Infinity;
  let ties = 0;
  for (let i = 0; i < vms.length; i++) {
    const vm = vms[i]!;
    if (!hasRoom(vm)) continue;
    const delay = delayOf(vm);
    if (delay < bestDelay) {
      best = i;
      bestDelay = delay;
      ties = 1;
    } else if (delay === bestDelay && random() * ++ties < 1) {
      best = i;
    }
  }
  return best;
}

function nextInTurn(vms: readonly ChoiceVm[], cursor: DispatchCursor): number {
  for (let step = 0; step < vms.length; step++) {
    const i = cursor.turn++ % vms.length;
    if (hasRoom(vms[i]!)) return i;
  }
  return -1;
}

function weighted(vms: readonly ChoiceVm[], weight: (vm: ChoiceVm) => number, random: () => number): number {
  let total = 0;
  for (const vm of vms) if (hasRoom(vm)) total += weight(vm);
  let point = random() * total;
  let last = -1;
  for (let i = 0; i < vms.length; i++) {
    const vm = vms[i]!;
    if (!hasRoom(vm)) continue;
    last = i;
    point -= weight(vm);
    if (point < 0) return i;
  }
  return last;
}
