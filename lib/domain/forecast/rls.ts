import type { RlsState } from './types.ts';

/**
 * Recursive least squares with exponential forgetting (Haykin, Adaptive Filter Theory, ch. 10) and a clipped error, so that
 * one flash crowd does not rewrite the weights.
 */
export function createRls(weights: readonly number[], priorVariance: number): RlsState {
  const n = weights.length;
  const covariance = new Array<number>(n * n).fill(0);
  for (let i = 0; i < n; i++) covariance[i * n + i] = priorVariance;
  return { weights: [...weights], covariance };
}

export function predictRls(state: RlsState, features: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += state.weights[i]! * features[i]!;
  return sum;
}

/**
 * @param forgetting weight kept by the past at each step, just under 1
 * @param clip largest error learned from, on the target's scale
 * @param maxVariance forgetting alone lets the covariance grow without bound in directions that never vary
 */
export function learnRls(
  state: RlsState,
  features: readonly number[],
  target: number,
  forgetting: number,
  clip: number,
  maxVariance: number,
): RlsState {
  const n = features.length;
  const { weights, covariance: p } = state;
  const gain = new Array<number>(n);
  let denominator = forgetting;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += p[i * n + j]! * features[j]!;
    gain[i] = sum;
    denominator += features[i]! * sum;
  }
  const error = Math.max(-clip, Math.min(clip, target - predictRls(state, features)));
  const nextWeights = weights.map((w, i) => w + (gain[i]! / denominator) * error);
  let largest = 0;
  const next = new Array<number>(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (p[i * n + j]! - (gain[i]! * gain[j]!) / denominator) / forgetting;
      next[i * n + j] = value;
      next[j * n + i] = value;
    }
    largest = Math.max(largest, next[i * n + i]!);
  }
  if (largest > maxVariance) {
    const shrink = maxVariance / largest;
    for (let i = 0; i < next.length; i++) next[i] = next[i]! * shrink;
  }
  return { weights: nextWeights, covariance: next };
}
