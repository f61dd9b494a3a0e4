import { UniformStream } from '../../simulator/engine/rng.ts';
import { bohmerDay } from '../bohmer.ts';

export interface HistoryNoise {
  days: number;
  /** Standard deviation of the logarithm of a day's level, which wanders linearly from midnight to midnight. */
  dayLevel: number;
  /** Standard deviation of the logarithm of a single slot. */
  slot: number;
}

/** Of the days before the one replayed: no two days are alike, and no slot is exactly on the curve. */
export const HISTORY_NOISE: HistoryNoise = { days: 14, dayLevel: 0.1, slot: 0.01 };

/** Noisy days that end where the replayed day begins (level 1 at its first midnight). */
export function noisyHistory(
  peakRatePerS: number,
  slotS: number,
  noise: HistoryNoise,
  seed: number,
): { arrivalRatePerS: number }[] {
  const random = new UniformStream(seed, 0, HISTORY_STREAM);
  const normal = () => Math.sqrt(-2 * Math.log(random.next())) * Math.cos(2 * Math.PI * random.next());
  const levels = [...Array.from({ length: noise.days }, () => noise.dayLevel * normal()), 0];
  const day = bohmerDay(peakRatePerS, slotS);
  return Array.from({ length: noise.days }, (_, d) =>
    day.map((rate, i) => {
      const share = i / day.length;
      const level = levels[d]! * (1 - share) + levels[d + 1]! * share;
      return { arrivalRatePerS: rate * Math.exp(level + noise.slot * normal()) };
    }),
  ).flat();
}

/** Apart from the simulator's own streams. */
const HISTORY_STREAM = 7001;

/** Seeds of the Böhmer day that were looked at while settings of OaaS were settled; nothing is reported on them... */
export const TUNING_SEEDS = [1, 2] as const;
/** ...but on seeds from here on, the experiment's own added. */
export const HELD_OUT_FROM = 1000;
