import type { Complex } from './sojourn-transform.ts';

/** Nodes on the vertical line; the cosine series is short because the first kink of its even extension is taken out. */
const TERMS = 64;
/** Damping a·horizon, and the part of the horizon that the series is read on; aliases are below exp(-2·4·0.25) S(1.25 T). */
const DAMPING = 4;
const READABLE = 0.75;

/** A distribution known by its Laplace-Stieltjes transform. */
export interface Inverted {
  mean: number;
  /** Squared coefficient of variation, at least 0.01. */
  scv: number;
  /** P(T > t). */
  survivalAt: (t: number) => number;
}

/**
 * Inverts E[exp(-sT)] for all t at once by the damped cosine series of Dubner & Abate, *J. ACM* 15 (1968). The transform
 * is asked on one vertical line right of zero, where no power of it grows: contours that bend to the left are shorter but
 * fail on the high-order poles of long queues.
 *
 * @param transform of a time with finite variance
 * @param scale the order of magnitude of T
 */
export function invert(transform: (s: Complex) => Complex, scale: number): Inverted {
  const h = 1e-3 / scale;
  const up = transform({ re: h, im: 0 }).re;
  const down = transform({ re: -h, im: 0 }).re;
  const mean = (down - up) / (2 * h);
  const variance = Math.max(0.01 * mean * mean, (down + up - 2) / (h * h) - mean * mean);
  const horizon = (mean + 10 * Math.sqrt(variance)) / READABLE;
  const a = DAMPING / horizon;
  // The even extension of exp(-at) S(t) has a kink at 0 of slope S'(0) - a, S'(0) from the transform far out: t exp(-βt)
  // with that slope is taken out, its own transform is 1/(s+β)².
  const far = 1e7 / mean;
  const slope = far * transform({ re: far, im: 0 }).re + a;
  const beta = Math.max(1.5 / mean, 10 / horizon);
  const coefficients = new Float64Array(TERMS);
  for (let k = 0; k < TERMS; k++) {
    const im = (k * Math.PI) / horizon;
    const f = transform({ re: a, im });
    const size = a * a + im * im;
    const ownRe = ((1 - f.re) * a - f.im * im) / size;
    const re = a + beta;
    const square = (re * re + im * im) ** 2;
    coefficients[k] = (ownRe + (slope * (re * re - im * im)) / square) * (k === 0 ? 1 : 2);
  }
  const series = (t: number) => {
    // Clenshaw's recurrence for Σ c_k cos(kθ).
    const twice = 2 * Math.cos((Math.PI * t) / horizon);
    let b1 = 0;
    let b2 = 0;
    for (let k = TERMS - 1; k >= 1; k--) {
      const b = coefficients[k]! + twice * b1 - b2;
      b2 = b1;
      b1 = b;
    }
    const sum = coefficients[0]! + (b1 * twice) / 2 - b2;
    return Math.min(1, Math.max(0, (sum * Math.exp(a * t)) / horizon - slope * t * Math.exp(-beta * t)));
  };
  return {
    mean,
    scv: variance / mean ** 2,
    survivalAt: (t) => (t <= 0 ? 1 : t < READABLE * horizon ? series(t) : 0),
  };
}
