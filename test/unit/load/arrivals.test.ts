import { describe, expect, it } from 'vitest';
import { concurrent, interarrival, replay } from '../../../lib/cli/load/arrivals.ts';
import { parseTrace } from '../../../lib/cli/load/trace-file.ts';

const ascending = (times: readonly number[]) => times.every((t, i) => i === 0 || t >= times[i - 1]!);

describe('concurrent', () => {
  it('sends n at once in every round', () => {
    expect([...concurrent(3, 2, 500).arrivals]).toEqual([0, 0, 0, 500, 500, 500]);
  });
});

describe('interarrival', () => {
  const options = { devices: 20, intervalMs: 500, durationMs: 100_000, poisson: false, seed: 5 };

  it('gives every device one request per interval', () => {
    const times = [...interarrival(options).arrivals];
    expect(times).toHaveLength(20 * 200);
    expect(ascending(times)).toBe(true);
    for (let slot = 0; slot < 200; slot += 1) {
      expect(times.filter((t) => t >= slot * 500 && t < (slot + 1) * 500)).toHaveLength(20);
    }
  });

  it('draws exponential gaps with --poisson: count within 4 standard deviations, gaps as theory has them', () => {
    const times = [...interarrival({ ...options, poisson: true }).arrivals];
    const expected = 4_000;
    expect(Math.abs(times.length - expected)).toBeLessThan(4 * Math.sqrt(expected));
    // P(gap > mean) = 1/e for exponential gaps, 0 or 1 for fixed ones.
    const gaps = times.slice(1).map((t, i) => t - times[i]!);
    const share = gaps.filter((g) => g > 25).length / gaps.length;
    const sd = Math.sqrt((Math.exp(-1) * (1 - Math.exp(-1))) / gaps.length);
    expect(Math.abs(share - Math.exp(-1))).toBeLessThan(4 * sd);
  });

  it('repeats itself under the same seed only', () => {
    const times = (seed: number) => [...interarrival({ ...options, poisson: true, seed }).arrivals];
    expect(times(1)).toEqual(times(1));
    expect(times(1)).not.toEqual(times(2));
  });
});

describe('trace', () => {
  const played = { speed: 60, poisson: false, seed: 1, limitMs: Number.POSITIVE_INFINITY };

  it('plays counts per slot at the given speed', () => {
    const trace = parseTrace(
      '# slot_seconds=600\nslot,timestamp,count\n0,2014-04-10T00:00:00,3\n1,2014-04-10T00:10:00,0\n2,x,5\n',
      'f',
    );
    const times = [...replay(trace, played).arrivals];
    expect(ascending(times)).toBe(true);
    expect([0, 1, 2].map((slot) => times.filter((t) => Math.floor(t / 10_000) === slot).length)).toEqual([3, 0, 5]);
  });

  it('takes the slot length from the time stamps where no line names it', () => {
    expect(parseTrace('time,requests\n2020-01-01 00:00:00,1\n2020-01-01 00:05:00,2\n', 'f')).toEqual({
      kind: 'counts',
      slotMs: 300_000,
      counts: [1, 2],
    });
  });

  it('plays one request per time stamp, in order, from the first', () => {
    const trace = parseTrace('TIMESTAMP,Tokens\n2023-11-16 18:17:04.5000000,1\n2023-11-16 18:17:03.5000000,2\n', 'f');
    expect([...replay(trace, { ...played, speed: 2 }).arrivals]).toEqual([0, 500]);
    expect(parseTrace('0.5\n2\n', 'f')).toEqual({ kind: 'requests', timesMs: [0, 1_500] });
  });

  it('ends at the limit', () => {
    const trace = parseTrace('time_ms\n0\n400\n900\n', 'f');
    expect([...replay(trace, { ...played, speed: 1, limitMs: 500 }).arrivals]).toEqual([0, 400]);
  });

  it.each([
    ['', 'f has no rows'],
    ['a,b\n1,2\n', 'no column is named'],
    ['timestamp\n2023-01-01\nsoon\n', 'f:3: not a time: "soon"'],
    ['timestamp,count\n2023-01-01,-4\n', 'f:2: count must be 0 or more, received "-4"'],
    ['count\n4\n', 'does not say how long a slot is'],
  ])('refuses %j and says why', (text, message) => {
    expect(() => parseTrace(text, 'f')).toThrow(message);
  });
});
