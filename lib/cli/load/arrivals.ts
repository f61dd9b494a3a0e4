/**
 * When requests are sent, in ms from the start: the three modes of the IoT paper's simulator. All are open loop: a slow
 * answer never delays the next request, so that a saturated system shows.
 */
import { ExponentialStream, UniformStream } from '../../simulator/engine/rng.ts';

/** Ascending times in ms. */
export type Arrivals = Iterable<number>;

export interface Schedule {
  arrivals: Arrivals;
  /** Number of requests, where it is known beforehand; else what is expected. */
  expected: number;
  /** Length in ms; 0: all at once. */
  durationMs: number;
}

/** Streams of this command; the numbers only keep them apart. */
const stream = { arrivals: 1, offsets: 2 } as const;

/** Concurrent mode: `n` at the same moment, `rounds` times. */
export function concurrent(n: number, rounds: number, everyMs: number): Schedule {
  function* times() {
    for (let round = 0; round < rounds; round += 1) for (let i = 0; i < n; i += 1) yield round * everyMs;
  }
  return { arrivals: times(), expected: n * rounds, durationMs: (rounds - 1) * everyMs };
}

/**
 * Inter-arrival mode: each of `devices` sends a request every `intervalMs` (exactly, from a random offset), or with
 * exponential gaps of that mean; together these are one Poisson stream of rate devices / interval.
 */
export function interarrival(options: {
  devices: number;
  intervalMs: number;
  durationMs: number;
  poisson: boolean;
  seed: number;
}): Schedule {
  const { devices, intervalMs, durationMs, poisson, seed } = options;
  const expected = Math.round((devices * durationMs) / intervalMs);
  return { arrivals: poisson ? poissonTimes() : periodicTimes(), expected, durationMs };

  function* poissonTimes() {
    const gaps = new ExponentialStream(seed, 0, stream.arrivals);
    const meanMs = intervalMs / devices;
    for (let at = gaps.next() * meanMs; at < durationMs; at += gaps.next() * meanMs) yield at;
  }

  function* periodicTimes() {
    const uniform = new UniformStream(seed, 0, stream.offsets);
    const offsets = Array.from({ length: devices }, () => uniform.next() * intervalMs).sort((a, b) => a - b);
    for (let round = 0; round * intervalMs < durationMs; round += 1) {
      for (const offset of offsets) {
        const at = round * intervalMs + offset;
        if (at >= durationMs) return;
        yield at;
      }
    }
  }
}

/** Trace mode: recorded time stamps, or counts per slot spread over their slots. */
export function replay(
  trace: Trace,
  options: { speed: number; poisson: boolean; seed: number; limitMs: number },
): Schedule {
  const { speed, poisson, seed, limitMs } = options;
  if (trace.kind === 'requests') {
    const timesMs = trace.timesMs.map((t) => t / speed).filter((t) => t < limitMs);
    return { arrivals: timesMs, expected: timesMs.length, durationMs: Math.min(limitMs, timesMs.at(-1) ?? 0) };
  }
  const slotMs = trace.slotMs / speed;
  const slots = Math.min(trace.counts.length, Math.ceil(limitMs / slotMs));
  const expected = Math.round(trace.counts.slice(0, slots).reduce((a, b) => a + b, 0));
  function* times() {
    const uniform = new UniformStream(seed, 0, stream.offsets);
    const gaps = new ExponentialStream(seed, 0, stream.arrivals);
    for (let slot = 0; slot < slots; slot += 1) {
      const count = Math.round(trace.kind === 'counts' ? trace.counts[slot]! : 0);
      const inSlot = poisson ? poissonSlot(count, gaps) : Array.from({ length: count }, () => uniform.next());
      for (const part of inSlot.sort((a, b) => a - b)) {
        const at = (slot + part) * slotMs;
        if (at >= limitMs) return;
        yield at;
      }
    }
  }
  return { arrivals: times(), expected, durationMs: Math.min(limitMs, slots * slotMs) };
}

/** Points of a Poisson process with mean `count` on the unit interval. */
function poissonSlot(count: number, gaps: ExponentialStream): number[] {
  const points: number[] = [];
  if (count === 0) return points;
  for (let at = gaps.next() / count; at < 1; at += gaps.next() / count) points.push(at);
  return points;
}

export type Trace =
  | { kind: 'counts'; slotMs: number; counts: number[] }
  /** Ascending, from 0. */
  | { kind: 'requests'; timesMs: number[] };
