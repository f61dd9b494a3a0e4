import { expect, test } from 'vitest';
import { contestants } from '../../../lib/experiments/half-the-rent/contestants.ts';
import { claimsOf, curveOf, type Point } from '../../../lib/experiments/half-the-rent/judge.ts';

function point(name: string, slotsWithin: number, costOverBound: number): Point {
  const contestant = contestants.find((c) => c.name === name)!;
  const score = {
    runs: 1,
    rentOverBound: costOverBound,
    rentCi95: 0,
    controlPlaneOverBound: 0,
    costOverBound,
    slotsWithin,
    slotsCi95: 0,
    requestsWithin: slotsWithin,
    meanResponseS: 1,
  };
  return { contestant, knob: contestant.sweep[0]!, score };
}

const TRACKING = 'target tracking, round robin';
const STATIC = 'static peak in hindsight, least outstanding';
const PAST = point('OaaS session', 0.99, 1.5);
const TOLD = point('OaaS session, floor in hindsight', 1, 5);
const holds = (...points: Point[]) => claimsOf('t', points).map((claim) => claim.holds);

test('a rival is beaten by what keeps as many slots for less, and by nothing else', () => {
  expect(holds(PAST, TOLD, point(TRACKING, 0.98, 2), point(STATIC, 1, 6))).toEqual([true, true]);
  expect(holds(PAST, TOLD, point(TRACKING, 0.99, 1.5))).toEqual([false, false]);
  expect(holds(PAST, TOLD, point(STATIC, 1, 4.9))).toEqual([false, true]);
  expect(holds(PAST, point(STATIC, 1, 6))).toEqual([false, true]);
});

test('where nobody is told of the window, a setting of ours that is does not count', () => {
  expect(holds(PAST, TOLD, point(TRACKING, 0.995, 6))).toEqual([true, false]);
});

test('the page names what beats the static peak, and what beats us', () => {
  const [all, past] = claimsOf('t', [PAST, TOLD, point(STATIC, 1, 6), point(TRACKING, 0.9, 1.2)]);
  expect(all!.ours).toContain('1 of 2 settings beaten');
  expect(all!.ours).toContain('beaten by OaaS session, floor in hindsight at 0.3 (5.00 x, 100.0 %)');
  expect(past!.ours).toContain(`not beaten: ${TRACKING} at 0.35 (1.20 x, 90.0 %)`);
});

test('the figure shows every curve of ours and every rival', () => {
  const { svg } = curveOf('t', [PAST, TOLD, point(STATIC, 1, 60)]);
  for (const name of ['OaaS exact', 'OaaS session, floor in hindsight', 'static peaks, least outstanding', TRACKING])
    expect(svg).toContain(`>${name}</text>`);
  expect(svg).not.toMatch(/NaN|Infinity/);
});

test('every contestant that needs the slots to come says so', () => {
  expect(contestants.filter((c) => c.hindsight).map((c) => c.name)).toEqual([
    'OaaS session, floor in hindsight',
    'paper, oracle',
    'static peak in hindsight, round robin',
    'static peak in hindsight, least outstanding',
  ]);
});
