/**
 * What no dispatcher can beat: all VMs melted into one pool that any request may use at any moment.
 *
 * With n requests present at most min(n s, M) work is done per second, s the fastest core and M the pool's total rate. Fewer requests are then
 * present than under any dispatch policy (same arrivals, exponential service, birth-death coupling: Wolff 1989, section 5-12), so that the mean
 * response time is a lower bound, by Little's law. At M = m s it is the M/M/m formula.
 */
export function pooledMeanS(totalRatePerS: number, coreRatePerS: number, arrivalRatePerS: number): number {
  if (arrivalRatePerS >= totalRatePerS) return Number.POSITIVE_INFINITY;
  if (arrivalRatePerS === 0) return 1 / coreRatePerS;
  // Far below the mean number of busy cores the weights are nothing (below e^-70 of the largest).
  const load = arrivalRatePerS / coreRatePerS;
  const first = Math.max(0, Math.floor(load - 12 * Math.sqrt(load) - 20));
  let weight = 1;
  let sum = 1;
  let numbers = first;
  for (let n = first + 1; ; n++) {
    const rate = Math.min(n * coreRatePerS, totalRatePerS);
    weight *= arrivalRatePerS / rate;
    sum += weight;
    numbers += n * weight;
    if (sum > 1e200) {
      weight /= sum;
      numbers /= sum;
      sum = 1;
    }
    if (rate === totalRatePerS) {
      // Geometric from here on: Σ_{i≥1} r^i = r/(1-r) and Σ i r^i = r/(1-r)².
      const r = arrivalRatePerS / totalRatePerS;
      const tail = r / (1 - r);
      sum += weight * tail;
      numbers += weight * (n * tail + tail / (1 - r));
      return numbers / sum / arrivalRatePerS;
    }
  }
}

/**
 * Least total rate at which even the melted pool meets the target.
 *
 * @param targetS time in the VM, network taken off
 * @returns Infinity when a lone request already takes longer
 */
export function leastTotalRatePerS(targetS: number, coreRatePerS: number, arrivalRatePerS: number): number {
  if (!(targetS > 1 / coreRatePerS)) return Number.POSITIVE_INFINITY;
  let low = arrivalRatePerS;
  let high = arrivalRatePerS + 2 / targetS + coreRatePerS;
  while (pooledMeanS(high, coreRatePerS, arrivalRatePerS) > targetS) {
    low = high;
    high *= 2;
    if (!Number.isFinite(high)) return high;
  }
  for (let i = 0; i < 50 && high - low > 1e-8 * high; i++) {
    const middle = (low + high) / 2;
    if (pooledMeanS(middle, coreRatePerS, arrivalRatePerS) > targetS) low = middle;
    else high = middle;
  }
  return low;
}
