import { ExponentialStream, normal, UniformStream } from './rng.ts';

/** Distribution of a request's service demand relative to its mean, or of any other positive quantity of mean 1. */
export type DemandSpec =
  | { distribution: 'exponential' }
  | { distribution: 'deterministic' }
  /** `scv`: squared coefficient of variation. */
  | { distribution: 'lognormal'; scv: number }
  /** Pareto with finite variance: shape 1 + sqrt(1 + 1/scv). */
  | { distribution: 'pareto'; scv: number }
  /** Two phases with balanced means; scv ≥ 1. */
  | { distribution: 'hyperexponential'; scv: number }
  /** `phases` exponential stages; scv = 1 / phases. */
  | { distribution: 'erlang'; phases: number }
  /** Drawn with replacement from `values`, which are scaled to mean 1. */
  | { distribution: 'empirical'; values: readonly number[] }
  /** Several apps in one pool: shares and mean demands are relative; the mixture is scaled to mean 1. */
  | { distribution: 'mixture'; apps: readonly DemandShare[] };

export interface DemandShare {
  share: number;
  /** Mean demand of this app relative to the others. */
  mean: number;
  demand: DemandSpec;
}

/** Draws demands of mean 1. */
export interface DemandSampler {
  next(): number;
}

/**
 * @param stream purpose of the random stream (see `Stream`)
 * @throws RangeError when a parameter is outside the distribution's domain
 */
export function demandSampler(spec: DemandSpec, seed: number, replication: number, stream: number): DemandSampler {
  switch (spec.distribution) {
    case 'exponential':
      return new ExponentialStream(seed, replication, stream);
    case 'deterministic':
      return { next: () => 1 };
    case 'lognormal': {
      const uniform = new UniformStream(seed, replication, stream);
      const variance = Math.log(1 + positive(spec.scv, 'demand.scv'));
      const sigma = Math.sqrt(variance);
      return { next: () => Math.exp(sigma * normal(uniform) - variance / 2) };
    }
    case 'pareto': {
      const uniform = new UniformStream(seed, replication, stream);
      const shape = 1 + Math.sqrt(1 + 1 / positive(spec.scv, 'demand.scv'));
      const scale = (shape - 1) / shape;
      return { next: () => scale * uniform.next() ** (-1 / shape) };
    }
    case 'hyperexponential': {
      const uniform = new UniformStream(seed, replication, stream);
      if (!(spec.scv >= 1)) throw new RangeError(`demand.scv is ${spec.scv}: a hyperexponential needs 1 or more`);
      const p = (1 + Math.sqrt((spec.scv - 1) / (spec.scv + 1))) / 2;
      return {
        next: () =>
          uniform.next() < p ? -Math.log(uniform.next()) / (2 * p) : -Math.log(uniform.next()) / (2 - 2 * p),
      };
    }
    case 'erlang': {
      const exponential = new ExponentialStream(seed, replication, stream);
      const { phases } = spec;
      if (!(Number.isInteger(phases) && phases >= 1)) {
        throw new RangeError(`demand.phases is ${phases}: use a whole number of 1 or more`);
      }
      return {
        next: () => {
          let sum = 0;
          for (let i = 0; i < phases; i++) sum += exponential.next();
          return sum / phases;
        },
      };
    }
    case 'empirical': {
      const uniform = new UniformStream(seed, replication, stream);
      if (spec.values.length === 0) throw new RangeError('demand.values is empty: give at least one value');
      const mean = spec.values.reduce((a, b) => a + b, 0) / spec.values.length;
      const values = Float64Array.from(spec.values, (v) => v / positive(mean, 'the mean of demand.values'));
      return { next: () => values[uniform.below(values.length)]! };
    }
    case 'mixture':
      return mixture(spec.apps, seed, replication, stream);
  }
}

function mixture(apps: readonly DemandShare[], seed: number, replication: number, stream: number): DemandSampler {
  const shares = apps.reduce((sum, app) => sum + app.share, 0);
  const mean = apps.reduce((sum, app) => sum + (app.share / shares) * app.mean, 0);
  positive(mean, 'the mean demand of the apps');
  const uniform = new UniformStream(seed, replication, stream);
  const samplers = apps.map((app, i) => demandSampler(app.demand, seed, replication, stream * 1000 + i + 1));
  let sum = 0;
  const cumulative = apps.map((app) => {
    sum += app.share / shares;
    return sum;
  });
  return {
    next: () => {
      const u = uniform.next();
      let i = 0;
      while (i < cumulative.length - 1 && u > cumulative[i]!) i++;
      return (samplers[i]!.next() * apps[i]!.mean) / mean;
    },
  };
}

function positive(value: number, name: string): number {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} is ${value}: use a positive number`);
  return value;
}

/** Squared coefficient of variation of a demand. */
export function demandScv(spec: DemandSpec): number {
  switch (spec.distribution) {
    case 'exponential':
      return 1;
    case 'deterministic':
      return 0;
    case 'lognormal':
    case 'pareto':
    case 'hyperexponential':
      return spec.scv;
    case 'erlang':
      return 1 / spec.phases;
    case 'empirical': {
      const n = spec.values.length;
      const mean = spec.values.reduce((a, b) => a + b, 0) / n;
      return spec.values.reduce((sum, v) => sum + (v / mean - 1) ** 2, 0) / n;
    }
    case 'mixture': {
      const shares = spec.apps.reduce((sum, app) => sum + app.share, 0);
      const mean = spec.apps.reduce((sum, app) => sum + (app.share / shares) * app.mean, 0);
      const second = spec.apps.reduce(
        (sum, app) => sum + (app.share / shares) * app.mean ** 2 * (1 + demandScv(app.demand)),
        0,
      );
      return second / mean ** 2 - 1;
    }
  }
}
