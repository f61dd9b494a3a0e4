import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargesOf } from '../../../lib/simulator/scenario/billing.ts';
import { EventQueue } from '../../../lib/simulator/scenario/event-queue.ts';
import { Ledger } from '../../../lib/simulator/scenario/ledger.ts';

const usd = (launchS: number, endS: number, billing: 'per-second' | 'hourly') =>
  chargesOf(launchS, endS, 3.6, billing).reduce((sum, charge) => sum + charge.usd, 0);

describe('billing', () => {
  it('per second charges the time, a minute at least', () => {
    expect(usd(100, 400, 'per-second')).toBeCloseTo(0.3, 12);
    expect(usd(100, 110, 'per-second')).toBeCloseTo(0.06, 12);
    expect(usd(100, 160, 'per-second')).toBeCloseTo(0.06, 12);
  });

  it('hourly charges every hour begun', () => {
    expect(usd(0, 1, 'hourly')).toBeCloseTo(3.6, 12);
    expect(usd(0, 3600, 'hourly')).toBeCloseTo(3.6, 12);
    expect(usd(0, 3601, 'hourly')).toBeCloseTo(7.2, 12);
  });

  it.each(['per-second', 'hourly'] as const)(
    'books every cent of %s rent into slots, wherever the VM begins and ends',
    (billing) => {
      fc.assert(
        fc.property(
          fc.double({ min: 0, max: 3000, noNaN: true }),
          fc.double({ min: 0, max: 3000, noNaN: true }),
          (a, b) => {
            const [launchS, endS] = a < b ? [a, b] : [b, a];
            const ledger = new Ledger(5, 600, 1, billing);
            ledger.rented(launchS, endS, 0, 3.6, false);
            const booked = ledger.slots.reduce((sum, slot) => sum + slot.rentUsd, 0);
            expect(booked).toBeCloseTo(usd(launchS, endS, billing), 9);
            const rentedS = ledger.slots.reduce((sum, slot) => sum + slot.rentedS[0]!, 0);
            expect(rentedS).toBeCloseTo(endS - launchS, 6);
          },
        ),
        { numRuns: 200, seed: 1 },
      );
    },
  );

  it('a VM of one slot costs nothing in the others, and time before the first slot is free', () => {
    const ledger = new Ledger(3, 600, 2, 'per-second');
    ledger.rented(-300, 300, 1, 3.6, false);
    ledger.rented(700, 1000, 1, 3.6, false);
    expect(ledger.slots.map((slot) => slot.rentUsd)).toEqual([expect.closeTo(0.3, 9), expect.closeTo(0.3, 9), 0]);
    expect(ledger.slots[0]!.rentedS).toEqual([0, 300]);
  });
});

describe('event queue', () => {
  it('gives events in order of time, equal times in order of insertion', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
        const queue = new EventQueue<{ atS: number; i: number }>();
        times.forEach((atS, i) => {
          queue.push(atS, { atS, i });
        });
        const expected = times.map((atS, i) => ({ atS, i })).sort((a, b) => a.atS - b.atS || a.i - b.i);
        expect(times.map(() => queue.pop())).toEqual(expected);
        expect(queue.pop()).toBeUndefined();
      }),
      { seed: 1 },
    );
  });
});
