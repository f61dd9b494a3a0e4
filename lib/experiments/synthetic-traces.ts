import type { Trace } from '../domain/forecast/trace.ts';
import { normal, UniformStream } from '../simulator/engine/rng.ts';
import { poisson } from '../simulator/scenario/predictor.ts';

const DAY = 144;
const TRACE_STREAM = 7003;
/** A Monday, midnight UTC. */
const START_MS = Date.UTC(2026, 0, 5);

/**
 * Seeded stand-ins for the kinds of trace the forecast is judged on: a web server with a clean day and week, a small bursty
 * load balancer, and event counts whose level wanders, with bursts that die away.
 */
export function syntheticTraces(): { name: string; trace: Trace }[] {
  return [
    { name: 'web', trace: traceOf(web(28, 1)) },
    { name: 'balancer', trace: traceOf(bursty(14, 2, 100, 0.8, 0.02)) },
    { name: 'events-busy', trace: traceOf(bursty(28, 3, 60, 0.25, 0.01)) },
    { name: 'events-quiet', trace: traceOf(bursty(28, 4, 8, 0.4, 0.01)) },
  ];
}

function web(days: number, seed: number): number[] {
  const random = new UniformStream(seed, 0, TRACE_STREAM);
  let wander = 0;
  return Array.from({ length: days * DAY }, (_, i) => {
    wander = 0.9 * wander + 0.06 * normal(random);
    const weekend = Math.floor(i / DAY) % 7 >= 5 ? 0.6 : 1;
    return poisson(random, weekend * daily(i, 150, 900) * Math.exp(wander));
  });
}

function bursty(days: number, seed: number, level: number, noise: number, burstChance: number): number[] {
  const random = new UniformStream(seed, 0, TRACE_STREAM);
  let wander = 0;
  let burst = 0;
  return Array.from({ length: days * DAY }, (_, i) => {
    wander = 0.98 * wander + 0.05 * normal(random);
    burst = random.next() < burstChance ? 1 + 2 * random.next() : 0.7 * burst;
    const rate = daily(i, 0.6 * level, 1.4 * level) * Math.exp(wander + burst + noise * normal(random));
    return poisson(random, rate);
  });
}

/** A smooth day: least at 4 am, most at 4 pm, between `low` and `high` requests per slot. */
function daily(slot: number, low: number, high: number): number {
  const phase = ((slot % DAY) / DAY) * 2 * Math.PI;
  return low + (high - low) * 0.5 * (1 - Math.cos(phase - (2 * Math.PI * 4) / 24));
}

const traceOf = (counts: readonly number[]): Trace => ({
  slotS: 600,
  timeZone: 'UTC',
  slots: counts.map((count, i) => ({ slotStartMs: START_MS + i * 600_000, count })),
});
