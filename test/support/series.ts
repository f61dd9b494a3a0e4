import type { Trace } from '../../lib/domain/forecast/trace.ts';

/** Seeded uniform numbers in (0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
}

export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

/** Poisson count: exact by inversion for small means, by a normal (rounded, error under 1 % of the spread) beyond 500. */
export function poisson(mean: number, random: () => number): number {
  if (mean > 500) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let product = random();
  let count = 0;
  const limit = Math.exp(-mean);
  while (product > limit) {
    product *= random();
    count += 1;
  }
  return count;
}

/** Smallest count with P(X ≤ count) ≥ level: what an oracle who knows the Poisson mean would forecast. */
export function poissonQuantile(mean: number, level: number): number {
  let probability = Math.exp(-mean);
  let cumulative = probability;
  let count = 0;
  while (cumulative < level) {
    count += 1;
    probability *= mean / count;
    cumulative += probability;
  }
  return count;
}

export const SLOT_MS = 600_000;
export const SLOTS_PER_DAY = 144;
/** A Monday, midnight UTC. */
export const START_MS = Date.UTC(2026, 0, 5);

/** Ten-minute slots from START_MS with the given counts. */
export function traceOf(counts: readonly (number | null)[]): Trace {
  return {
    slotS: 600,
    timeZone: 'UTC',
    slots: counts.map((count, i) => ({ slotStartMs: START_MS + i * SLOT_MS, count })),
  };
}

/** A smooth day: least at 4 am, most at 4 pm, between `low` and `high` requests per slot. */
export function daily(slot: number, low: number, high: number): number {
  const phase = ((slot % SLOTS_PER_DAY) / SLOTS_PER_DAY) * 2 * Math.PI;
  return low + (high - low) * 0.5 * (1 - Math.cos(phase - (2 * Math.PI * 4) / 24));
}
