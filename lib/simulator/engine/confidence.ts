/** 97.5 % quantile of Student's t for 1..30 degrees of freedom; beyond that by a Cornish-Fisher expansion. */
const T975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** A mean over replications with the half-width of its 95 % confidence interval. */
export interface Estimate {
  value: number;
  /** Infinity for fewer than two replications: nothing is known then. */
  ci95: number;
}

/** Mean of independent replications and its 95 % confidence half-width (Student's t). NaN entries (empty replications) are left out. */
export function estimate(samples: readonly number[]): Estimate {
  const valid = samples.filter((x) => !Number.isNaN(x));
  const n = valid.length;
  const value = valid.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { value, ci95: Number.POSITIVE_INFINITY };
  const variance = valid.reduce((sum, x) => sum + (x - value) ** 2, 0) / (n - 1);
  return { value, ci95: t975(n - 1) * Math.sqrt(variance / n) };
}

function t975(degrees: number): number {
  const z = 1.959964;
  return T975[degrees - 1] ?? z + (z ** 3 + z) / (4 * degrees);
}
