/** The two VMs of an exactly solved pool: exponential service, one core, no limit that matters. */
export interface ChainVm {
  rate: number;
  networkS: number;
}

/**
 * Mean response time of generalised JSQ over two VMs with exponential service, from the stationary distribution of the Markov
 * chain (n1, n2) truncated at `size` per VM and solved by Gauss-Seidel. `delay` gives the index that the router minimises.
 */
export function twoVmMeanResponseS(
  vms: readonly [ChainVm, ChainVm],
  arrivalRatePerS: number,
  delay: (present: number, vm: ChainVm) => number,
  size = 40,
): number {
  const [a, b] = vms;
  const p = Array.from({ length: size }, () => new Float64Array(size).fill(1 / size ** 2));
  /** Probability that an arrival finding (i, j) joins the first VM. */
  const toFirst = (i: number, j: number) => {
    if (i === size - 1) return 0;
    if (j === size - 1) return 1;
    const d = delay(i, a) - delay(j, b);
    return Math.abs(d) < 1e-12 ? 0.5 : d < 0 ? 1 : 0;
  };
  for (let sweep = 0; sweep < 4000; sweep++) {
    let change = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let inflow = 0;
        if (i > 0) inflow += p[i - 1]![j]! * arrivalRatePerS * toFirst(i - 1, j);
        if (j > 0) inflow += p[i]![j - 1]! * arrivalRatePerS * (1 - toFirst(i, j - 1));
        if (i < size - 1) inflow += p[i + 1]![j]! * a.rate;
        if (j < size - 1) inflow += p[i]![j + 1]! * b.rate;
        const full = i === size - 1 && j === size - 1;
        const outflow = (full ? 0 : arrivalRatePerS) + (i > 0 ? a.rate : 0) + (j > 0 ? b.rate : 0);
        const next = inflow / outflow;
        change += Math.abs(next - p[i]![j]!);
        p[i]![j] = next;
      }
    }
    let total = 0;
    for (const row of p) for (const x of row) total += x;
    for (const row of p) for (let j = 0; j < size; j++) row[j] = row[j]! / total;
    if (change < 1e-11) break;
  }
  let present = 0;
  let networkS = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      present += p[i]![j]! * (i + j);
      networkS += p[i]![j]! * (toFirst(i, j) * a.networkS + (1 - toFirst(i, j)) * b.networkS);
    }
  }
  return present / arrivalRatePerS + networkS;
}
