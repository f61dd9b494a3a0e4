import { describe, expect, test } from 'vitest';
import { backtest } from '../../../lib/domain/forecast/backtest.ts';
import { localTimeOfWeekMs, zoneOffsetMs } from '../../../lib/domain/forecast/local-time.ts';
import { poisson, SLOT_MS, seeded } from '../../support/series.ts';

const HOUR_MS = 3_600_000;

describe('offsets', () => {
  test.each([
    ['UTC', '2026-07-01T00:00:00Z', 0],
    ['UTC-4', '2026-07-01T00:00:00Z', -4],
    ['UTC+5:30', '2026-07-01T00:00:00Z', 5.5],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 2],
    ['America/New_York', '2026-11-01T05:59:59Z', -4],
    ['America/New_York', '2026-11-01T06:00:00Z', -5],
    ['Asia/Kolkata', '2026-01-01T00:00:00Z', 5.5],
  ])('%s at %s is %d h', (zone, at, hours) => {
    expect(zoneOffsetMs(zone, Date.parse(at)) / HOUR_MS).toBe(hours);
  });

  test('the week starts on Monday, by the wall clock', () => {
    expect(localTimeOfWeekMs('Europe/Berlin', Date.parse('2026-07-05T22:00:00Z'))).toBe(0);
    expect(localTimeOfWeekMs('UTC', Date.parse('2026-07-05T22:00:00Z'))).toBe(7 * 24 * HOUR_MS - 2 * HOUR_MS);
  });
});

test.each([
  ['spring', '2026-03-16T00:00:00Z', '2026-03-29T00:00:00Z'],
  ['autumn', '2026-10-12T00:00:00Z', '2026-10-25T00:00:00Z'],
])('across the %s change, a season by the wall clock stays right', (_, from, change) => {
  const random = seeded(21);
  const start = Date.parse(from);
  // Offices open at 9 and close at 17 local: sharp edges, an hour wrong is seen at once.
  const slots = Array.from({ length: 16 * 144 }, (_, i) => {
    const slotStartMs = start + i * SLOT_MS;
    const hour = (localTimeOfWeekMs('Europe/Berlin', slotStartMs) / HOUR_MS) % 24;
    return { slotStartMs, count: poisson(hour >= 9 && hour < 17 ? 400 : 40, random) };
  });
  const warmUpSlots = (Date.parse(change) - start) / SLOT_MS;
  const lossIn = (timeZone: string) =>
    backtest({ slotS: 600, timeZone: 'UTC', slots }, { timeZone, warmUpSlots }).methods[0]!.pinballLoss;
  expect(lossIn('Europe/Berlin')).toBeLessThan(0.6 * lossIn('UTC'));
});
