import type { Kink } from './jsq-filling.ts';

/**
 * Constants of the imbalance kernel, fitted to simulated pools (1-60 VMs, 1-4 speeds, 1-16 cores, ρ 0.2-0.97; the grid
 * that validates them uses other pools). See `imbalanceAt`.
 */
const imbalanceConstants = {
  /** ln of the decay per request and VM above a bend: at one VM, by ln VMs, by ln(λ / completion rate at the bend). */
  above: [0.854, 0.041, -0.366],
  /** The same below a bend. */
  below: [-0.337, 0.682, -0.853],
  /** Bends followed by queueing places: shift by ln μ_core and ln VM capacity, both against the mean of those in use. */
  queueing: { above: [-3.26, 1.6], below: [1.4, -0.37] },
  /**
   * Bends that open a group: shift, and its dependence on ln of the step in μ_core, on whether the bend is concave, and on
   * ln(λ / completion rate at the bend); then how the holes that λ can leave bound the width (logarithms of two scales).
   */
  opening: { above: [-1.695, 0.37, -0.82, -4.18], below: [-0.02, 0.31, -1.04, -0.47], holes: 1.35, width: 1.4 },
};

/** How far, in requests, the number in use of the places below a bend strays from full: a two-sided geometric kernel. */
export interface Imbalance {
  /** Mean of the positive part at the bend itself. */
  height: number;
  /** Decay per request above and below the bend. */
  above: number;
  below: number;
}

/**
 * Balance given K in the system is not perfect: departures leave holes that arrivals have not filled yet, so that some
 * places beyond a bend are taken while some below it are free. The stray of the filling level is taken as two-sided
 * exponential with zero mean; its widths in requests per VM depend only on the number of VMs and the load at the bend
 * (for identical VMs this reproduces the simulated mean within 1 %).
 *
 * @param arrivalRatePerS λ
 * @param holes mean number of free places below the bend if λ could use no others
 */
export function imbalanceAt(kink: Kink, arrivalRatePerS: number, holes: number): Imbalance {
  const { above, below, queueing, opening } = imbalanceConstants;
  const load = Math.log(Math.min(1.5, Math.max(0.05, arrivalRatePerS / kink.ratePerS)));
  const size = Math.log(kink.vms);
  let a = above[0]! + above[1]! * size + above[2]! * load;
  let b = below[0]! + below[1]! * size + below[2]! * load;
  if (kink.opensGroup) {
    const concave = kink.slopeChange < 0 ? 1 : 0;
    const shift = (of: readonly number[]) => of[0]! + of[1]! * kink.logCoreStep + of[2]! * concave + of[3]! * load;
    a = Math.exp(a + shift(opening.above));
    b = Math.exp(b + shift(opening.below));
    const bound = Math.max(1e-6, holes * Math.exp(opening.holes));
    const narrowing = bound / ((kink.vms / (a + b)) * Math.exp(opening.width) + bound);
    a /= narrowing;
    b /= narrowing;
  } else {
    a = Math.exp(a + queueing.above[0]! * kink.logCoreToMean + queueing.above[1]! * kink.logCapacityToMean);
    b = Math.exp(b + queueing.below[0]! * kink.logCoreToMean + queueing.below[1]! * kink.logCapacityToMean);
  }
  return kernel(a, b, kink.vms);
}

/** The kernel for a pool as a whole, as if its VMs were identical. */
export function poolImbalance(vms: number, utilization: number): Imbalance {
  const { above, below } = imbalanceConstants;
  const load = Math.log(Math.min(1.5, Math.max(0.05, utilization)));
  const size = Math.log(vms);
  return kernel(
    Math.exp(above[0]! + above[1]! * size + above[2]! * load),
    Math.exp(below[0]! + below[1]! * size + below[2]! * load),
    vms,
  );
}

/** The kernel with the given decays per request and VM. */
function kernel(a: number, b: number, vms: number): Imbalance {
  const above = Math.exp(-clamp(a) / vms);
  const below = Math.exp(-clamp(b) / vms);
  return { height: 1 / ((1 - above) / above + (1 - below) / below), above, below };
}

const clamp = (decay: number): number => Math.min(200, Math.max(0.05, decay));
