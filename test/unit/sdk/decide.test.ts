import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
  }),
  energyWeight: fc.double({ min: 0, max: 1, noNaN: true }),
  power: fc.constant({ computeW: 0.9, transferW: 1.3, idleW: 0.3 }),
  deadlineMs: fc.constant(null),
  last: fc.constantFrom(null, 'local' as const, 'remote' as const),
  explore: fc.constant(false),
  sinceExplore: fc.constant(0),
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
