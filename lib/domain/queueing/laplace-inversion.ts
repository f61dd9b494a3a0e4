import type { Complex } from './sojourn-transform.ts';

/**
 * Numerical inversion of Laplace transforms on one hyperbolic contour for a whole range of times, after Weideman &
 * Trefethen, *Parabolic and hyperbolic contours for computing the Bromwich integral*, Math. Comp. 76 (2007), section 4.
 * The transform may be singular on the negative real axis only, as it is for birth-death absorption times.
 */

/** Half the number of nodes (conjugates come free) and the ratio of the latest to the earliest time. */
const NODES = 18;
const SPAN = 60;

interface Contour {
  alpha: number;
  step: number;
  scale: number;
}

const contour = bestContour();

/** Chooses the hyperbola's angle that converges fastest for SPAN; error about exp(-rate · NODES). */
function bestContour(): Contour {
  let best: Contour = { alpha: 1, step: 1, scale: 1 };
  let bestRate = 0;
  for (let alpha = Math.PI / 4 + 0.01; alpha < Math.PI / 2; alpha += 0.005) {
    const a = Math.acosh(
      ((Math.PI - 2 * alpha) * SPAN + 4 * alpha - Math.PI) / ((4 * alpha - Math.PI) * Math.sin(alpha)),
    );
    const rate = (Math.PI ** 2 - 2 * Math.PI * alpha) / a;
    if (rate > bestRate) {
      bestRate = rate;
      best = { alpha, step: a / NODES, scale: ((4 * Math.PI * alpha - Math.PI ** 2) / a) * NODES };
    }
  }
  return best;
}

/**
 * P(T > t) from T's Laplace-Stieltjes transform.
 *
 * @param latest t up to which the result is meant, in the unit of t; below latest/60 it is interpolated towards 1
 */
export function survival(transform: (s: Complex) => Complex, latest: number): (t: number) => number {
  const { alpha, step } = contour;
  const scale = contour.scale / latest;
  const sRe: number[] = [];
  const sIm: number[] = [];
  const wRe: number[] = [];
  const wIm: number[] = [];
  for (let k = 0; k < NODES; k++) {
    const u = (k + 0.5) * step;
    // s = scale (1 + sin(iu - α)), ds/du = i scale cos(iu - α)
    const s = {
      re: scale * (1 - Math.sin(alpha) * Math.cosh(u)),
      im: scale * Math.cos(alpha) * Math.sinh(u),
    };
    const dRe = -scale * Math.sin(alpha) * Math.sinh(u);
    const dIm = scale * Math.cos(alpha) * Math.cosh(u);
    const f = transform(s);
    // (1 - f)/s · ds/du
    const size = s.re * s.re + s.im * s.im;
    const gRe = ((1 - f.re) * s.re - f.im * s.im) / size;
    const gIm = (-f.im * s.re - (1 - f.re) * s.im) / size;
    sRe.push(s.re);
    sIm.push(s.im);
    wRe.push(gRe * dRe - gIm * dIm);
    wIm.push(gRe * dIm + gIm * dRe);
  }
  const invert = (t: number) => {
    let sum = 0;
    for (let k = 0; k < NODES; k++) {
      const angle = sIm[k]! * t;
      sum += Math.exp(sRe[k]! * t) * (wRe[k]! * Math.sin(angle) + wIm[k]! * Math.cos(angle));
    }
    return Math.min(1, Math.max(0, (sum * step) / Math.PI));
  };
  const earliest = latest / SPAN;
  const first = invert(earliest);
  return (t) => {
    if (t <= 0) return 1;
    if (t < earliest) return 1 - (1 - first) * (t / earliest);
    return invert(Math.min(t, latest));
  };
}
