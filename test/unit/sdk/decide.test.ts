import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HistoryVectors, historyVectors } from '../../../scripts/history-vectors.ts';
import { type DecisionVectors, decisionVectors } from '../../../scripts/sdk-vectors.ts';
import { type DecisionInput, decide, decisionConstants } from '../../../sdk/typescript/src/decide.ts';

const file = new URL('../../../sdk/vectors/decide.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as DecisionVectors;

const duration = fc.double({ min: 0.01, max: 10_000, noNaN: true });
const comparable: fc.Arbitrary<DecisionInput> = fc.record({
  local: fc.record({
    meanMs: duration,
    p95Ms: fc.constant(null),
    samples: fc.constant(5),
    ageMs: fc.constant(0),
    running: fc.nat(4),
    parallelism: fc.integer({ min: 1, max: 4 }),
    guessMs: fc.constant(null),
    error: fc.double({ min: 0, max: 2, noNaN: true }),
  }),
  remote: fc.record({
    available: fc.constant(true),
    predictedMs: fc.constant(null),
    serverMs: duration,
    serverP95Ms: fc.constant(null),
    samples: fc.integer({ min: 1, max: 100 }),
    ageMs: fc.constant(0),
    placementMs: duration,
    rttMs: duration,
    bytesPerMs: fc.double({ min: 1, max: 10_000, noNaN: true }),
    upBytes: fc.nat(1_000_000),
    downBytes: fc.nat(1_000_000),
    error: fc.double({ min: 0, max: 2, noNaN: true }),
  }),
  energyWeight: fc.double({ min: 0, max: 1, noNaN: true }),
  power: fc.constant({ computeW: 0.9, transferW: 1.3, idleW: 0.3 }),
  deadlineMs: fc.constant(null),
  last: fc.constantFrom(null, 'local' as const, 'remote' as const),
  explore: fc.constant(false),
  sinceExplore: fc.constant(0),
  second: fc.constant('never' as const),
});

describe('decide: vectors shared with every SDK', () => {
  it('has at least 200 cases that reach every code', () => {
    expect(vectors.cases.length).toBeGreaterThanOrEqual(200);
    const codes = new Set(vectors.cases.map((c) => c.expected.code));
    expect([...codes].sort()).toEqual([
      'cheaper-local',
      'cheaper-remote',
      'deadline-needs-local',
      'deadline-needs-remote',
      'explore-local',
      'explore-remote',
      'faster-local',
      'faster-remote',
      'no-local-implementation',
      'race',
      'remote-unavailable',
      'unmeasured-remote',
    ]);
  });

  it('reproduces every case to the last bit', () => {
    for (const { name, input, expected } of vectors.cases) expect(decide(input), name).toEqual(expected);
  });

  it('is the file that the generator writes', () => {
    expect(vectors).toEqual(JSON.parse(JSON.stringify(decisionVectors())));
    expect(vectors.constants).toEqual(decisionConstants);
  });
});

describe('decide: properties', () => {
  it('with time alone and no history takes the shorter of the two sums written down in its head', () => {
    fc.assert(
      fc.property(comparable, (drawn) => {
        const input = { ...drawn, energyWeight: 0, last: null };
        const { remote } = input;
        const local = input.local!;
        const localMs = local.meanMs! * (1 + local.running / local.parallelism);
        const bytes = remote.upBytes + remote.downBytes;
        const remoteMs = remote.placementMs + remote.rttMs + bytes / remote.bytesPerMs! + remote.serverMs!;
        fc.pre(Math.abs(remoteMs - localMs) > 1e-6 * localMs);
        expect(decide(input).where).toBe(remoteMs < localMs ? 'remote' : 'local');
      }),
    );
  });

  it('a slower surrogate never attracts a call that a faster one did not', () => {
    fc.assert(
      fc.property(comparable, duration, (input, extra) => {
        const slower = { ...input, remote: { ...input.remote, serverMs: input.remote.serverMs! + extra } };
        if (decide(input).where === 'local') expect(decide(slower).where).toBe('local');
      }),
    );
  });

  it('never leaves a side that meets the deadline for one that does not', () => {
    fc.assert(
      fc.property(comparable, duration, fc.nat(100), (drawn, deadlineMs, sinceExplore) => {
        const input = { ...drawn, deadlineMs, explore: true, sinceExplore };
        const { where, localMs, remoteMs } = decide(input);
        const [chosen, other] = where === 'local' ? [localMs!, remoteMs!] : [remoteMs!, localMs!];
        expect(chosen > deadlineMs && other <= deadlineMs).toBe(false);
      }),
    );
  });

  it('explores a losing side at most once per quota and at no more than the capped cost', () => {
    fc.assert(
      fc.property(comparable, fc.nat(60), (drawn, sinceExplore) => {
        const input = { ...drawn, energyWeight: 0, explore: true, sinceExplore };
        input.local = { ...drawn.local!, ageMs: decisionConstants.staleMs };
        input.remote = { ...drawn.remote, ageMs: decisionConstants.staleMs };
        const { code, localMs, remoteMs } = decide(input);
        if (code !== 'explore-local' && code !== 'explore-remote') return;
        expect(sinceExplore).toBeGreaterThanOrEqual(decisionConstants.exploreEvery);
        const [tried, best] = code === 'explore-local' ? [localMs!, remoteMs!] : [remoteMs!, localMs!];
        expect(tried).toBeLessThanOrEqual(decisionConstants.exploreRatio * best);
      }),
    );
  });
});

describe('decide: a second run', () => {
  const open = fc.constantFrom('after' as const, 'beside' as const);

  it('is never planned for a call that must not run twice, nor once the device computes already', () => {
    fc.assert(
      fc.property(comparable, (input) => {
        expect(decide(input).hedgeMs).toBeNull();
      }),
    );
    fc.assert(
      fc.property(comparable, open, (drawn, second) => {
        const { where, hedgeMs } = decide({ ...drawn, second });
        if (where === 'local') expect(hedgeMs).toBeNull();
        else expect(hedgeMs).not.toBeNull();
      }),
    );
  });

  it('races only where both runs are heard, and where errors could turn the order of the two', () => {
    fc.assert(
      fc.property(comparable, open, (drawn, second) => {
        const { code, localMs, remoteMs } = decide({ ...drawn, second });
        if (code !== 'race') return;
        expect(second).toBe('beside');
        const spread = drawn.local!.error * localMs! + drawn.remote.error * remoteMs!;
        expect(Math.abs(localMs! - remoteMs!)).toBeLessThan(2 * spread);
      }),
    );
  });

  it('an exact prediction needs no race', () => {
    fc.assert(
      fc.property(comparable, (drawn) => {
        const input = { ...drawn, second: 'beside' as const };
        input.local = { ...drawn.local!, error: 0 };
        input.remote = { ...drawn.remote, error: 0 };
        expect(decide(input).code).not.toBe('race');
      }),
    );
  });

  it('comes no later than the device takes where it is free, and no earlier where it is deaf meanwhile', () => {
    fc.assert(
      fc.property(comparable, (drawn) => {
        const beside = decide({ ...drawn, second: 'beside' });
        const after = decide({ ...drawn, second: 'after' });
        if (beside.where === 'remote' && beside.code !== 'race')
          expect(beside.hedgeMs).toBeLessThanOrEqual(beside.localMs!);
        if (after.where === 'remote') expect(after.hedgeMs).toBeGreaterThanOrEqual(after.localMs!);
      }),
    );
  });
});

describe('learning: sequences shared with every SDK', () => {
  const history = new URL('../../../sdk/vectors/history.json', import.meta.url);

  it('is the file that the generator writes, with at least 200 decisions', () => {
    const written = JSON.parse(readFileSync(history, 'utf8')) as HistoryVectors;
    expect(written).toEqual(JSON.parse(JSON.stringify(historyVectors())));
    const decisions = written.cases.flatMap(({ steps }) => steps.filter((step) => step.do === 'decide'));
    expect(decisions.length).toBeGreaterThanOrEqual(200);
  });
});
