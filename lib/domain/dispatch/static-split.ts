/** A VM as the static split sees it: the rate with all its cores busy. */
export interface SplitVm {
  serviceRatePerS: number;
}

/**
 * Shares of the arrivals that a static random split gives each VM; they sum to 1.
 *
 * `even`: 1/C; `capacity`: μ_i/Σμ (OaaS paper, equations 4-10); `sqrt`: the split with the least mean response time for
 * M/M/1 VMs, λ_i = μ_i - √μ_i (Σμ - λ)/Σ√μ over the VMs kept on; VMs too slow to earn a share get 0.
 *
 * @param arrivalRatePerS only `sqrt` needs it; when λ ≥ Σμ it falls back to `capacity`, since no split is stable
 */
export function staticSplit(
  policy: 'even' | 'capacity' | 'sqrt',
  vms: readonly SplitVm[],
  arrivalRatePerS: number,
): Float64Array {
  const total = vms.reduce((sum, vm) => sum + vm.serviceRatePerS, 0);
  if (policy === 'even') return Float64Array.from(vms, () => 1 / vms.length);
  const capacity = Float64Array.from(vms, (vm) => vm.serviceRatePerS / total);
  if (policy === 'capacity' || arrivalRatePerS <= 0 || arrivalRatePerS >= total) return capacity;
  return squareRootSplit(vms, arrivalRatePerS);
}

function squareRootSplit(vms: readonly SplitVm[], arrivalRatePerS: number): Float64Array {
  const fastestFirst = vms.map((_, i) => i).sort((a, b) => vms[b]!.serviceRatePerS - vms[a]!.serviceRatePerS);
  let sum = 0;
  let roots = 0;
  let slackPerRoot = 0;
  let kept = 0;
  // The slowest VM kept must still get a positive share; dropping VMs only raises the bar, so one pass suffices.
  for (const i of fastestFirst) {
    const rate = vms[i]!.serviceRatePerS;
    const candidate = (sum + rate - arrivalRatePerS) / (roots + Math.sqrt(rate));
    if (candidate > 0 && Math.sqrt(rate) <= candidate) break;
    sum += rate;
    roots += Math.sqrt(rate);
    slackPerRoot = candidate;
    kept++;
  }
  const shares = new Float64Array(vms.length);
  for (const i of fastestFirst.slice(0, kept)) {
    const rate = vms[i]!.serviceRatePerS;
    shares[i] = (rate - Math.sqrt(rate) * slackPerRoot) / arrivalRatePerS;
  }
  return shares;
}
