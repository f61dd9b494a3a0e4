/**
 * Writes sdk/vectors: inputs and outputs of the offload decision, and of what is learned of earlier calls, that every SDK must
 * reproduce to the last bit. Run after a deliberate change of the rules: `node --import tsx scripts/sdk-vectors.ts`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Decision, type DecisionInput, decide, decisionConstants } from '../sdk/typescript/src/decide.ts';
import { historyVectors } from './history-vectors.ts';
import { generator } from './lcg.ts';

export interface DecisionVector {
  name: string;
  input: DecisionInput;
  expected: Decision;
}

export interface DecisionVectors {
  formula: string;
  constants: typeof decisionConstants;
  cases: DecisionVector[];
}

const base: DecisionInput = {
  local: { meanMs: 100, p95Ms: 120, samples: 10, ageMs: 1_000, running: 0, parallelism: 1, guessMs: 90, error: 0.1 },
  remote: {
    available: true,
    predictedMs: 30,
    serverMs: 32,
    serverP95Ms: 60,
    samples: 10,
    ageMs: 1_000,
    placementMs: 0,
    rttMs: 10,
    bytesPerMs: 1_000,
    upBytes: 2_000,
    downBytes: 500,
    error: 0.2,
  },
  energyWeight: 0,
  power: { computeW: 0.9, transferW: 1.3, idleW: 0.3 },
  deadlineMs: null,
  last: null,
  explore: true,
  sinceExplore: 0,
  second: 'never',
};

type Patch = {
  local?: Partial<NonNullable<DecisionInput['local']>> | null;
  remote?: Partial<DecisionInput['remote']>;
} & Partial<Omit<DecisionInput, 'local' | 'remote'>>;

function patched(patch: Patch): DecisionInput {
  const { local, remote, ...rest } = patch;
  return {
    ...base,
    ...rest,
    local: local === null ? null : { ...base.local!, ...local },
    remote: { ...base.remote, ...remote },
  };
}

/** Every branch of the rule by name. */
const named: [string, Patch][] = [
  ['remote is faster', {}],
  ['local is faster', { local: { meanMs: 5, p95Ms: 6 } }],
  ['no local implementation', { local: null }],
  ['no local implementation and no region', { local: null, remote: { available: false } }],
  ['no region', { remote: { available: false } }],
  ['a busy device offloads what an idle one would keep', { local: { meanMs: 30, running: 2 } }],
  ['a second core keeps it', { local: { meanMs: 30, running: 1, parallelism: 8 } }],
  ['a placement tips the scale', { local: { meanMs: 50 }, remote: { placementMs: 20 } }],
  ['a slow link tips the scale', { remote: { bytesPerMs: 10 } }],
  ['an unmeasured link is taken as free', { remote: { bytesPerMs: null } }],
  ['prediction alone', { remote: { serverMs: null, serverP95Ms: null, samples: 0 } }],
  ['measurement alone', { remote: { predictedMs: null } }],
  ['measurement outweighs a wrong prediction', { remote: { predictedMs: 1_000, samples: 100 } }],
  ['nothing known of remote', { remote: { predictedMs: null, serverMs: null, serverP95Ms: null, samples: 0 } }],
  [
    'nothing known of remote and no exploring',
    { explore: false, remote: { predictedMs: null, serverMs: null, serverP95Ms: null, samples: 0 } },
  ],
  ['local never measured, no guess', { local: { meanMs: null, p95Ms: null, samples: 0, ageMs: null, guessMs: null } }],
  ['local never measured, cheap guess', { local: { meanMs: null, p95Ms: null, samples: 0, ageMs: null, guessMs: 40 } }],
  [
    'local never measured, costly guess',
    { local: { meanMs: null, p95Ms: null, samples: 0, ageMs: null, guessMs: 900 } },
  ],
  [
    'local never measured, a guess that endangers the deadline',
    { deadlineMs: 60, local: { meanMs: null, p95Ms: null, samples: 0, ageMs: null, guessMs: 40 } },
  ],
  ['only local meets the deadline', { deadlineMs: 50, local: { meanMs: 45, p95Ms: 48 } }],
  ['only remote meets the deadline', { deadlineMs: 90, energyWeight: 0 }],
  ['neither meets the deadline', { deadlineMs: 20 }],
  ['energy favours waiting', { energyWeight: 1, local: { meanMs: 20, p95Ms: 25 } }],
  ['energy forbids a long transfer', { energyWeight: 1, remote: { upBytes: 90_000 } }],
  ['half energy, half time', { energyWeight: 0.5, local: { meanMs: 30 } }],
  ['hysteresis keeps local', { last: 'local', local: { meanMs: 46 } }],
  ['hysteresis keeps remote', { last: 'remote', local: { meanMs: 43 } }],
  ['a stale loser is tried again: local', { sinceExplore: 50, local: { meanMs: 52, ageMs: 120_000 } }],
  ['a stale loser is tried again: remote', { sinceExplore: 50, local: { meanMs: 38 }, remote: { ageMs: 120_000 } }],
  ['not yet: explored lately', { sinceExplore: 49, local: { meanMs: 52, ageMs: 120_000 } }],
  ['not yet: measured lately', { sinceExplore: 50, local: { meanMs: 52, ageMs: 119_999 } }],
  ['too dear to explore', { sinceExplore: 50, local: { meanMs: 70, ageMs: 500_000 } }],
  [
    'exploring would endanger the deadline',
    { sinceExplore: 50, deadlineMs: 95, local: { meanMs: 52, ageMs: 500_000 } },
  ],
  ['both sides at once where it is open', { second: 'beside', local: { meanMs: 45 } }],
  ['no race where it is clear', { second: 'beside' }],
  ['no race where it is clear, the other way', { second: 'beside', local: { meanMs: 12 } }],
  ['no race for a device that hears nothing', { second: 'after', local: { meanMs: 45 } }],
  ['a race for wide errors', { second: 'beside', remote: { error: 1 } }],
  ['no race without errors', { second: 'beside', local: { meanMs: 45, error: 0 }, remote: { error: 0 } }],
  ['no race where energy is all', { second: 'beside', energyWeight: 1, local: { meanMs: 45 } }],
  [
    'a race meets the deadline that one side meets',
    { second: 'beside', deadlineMs: 50, local: { meanMs: 45, p95Ms: 48 } },
  ],
  ['a late answer', { second: 'beside', local: { meanMs: 500 } }],
  ['a late answer, not later than the device', { second: 'beside', remote: { error: 0.6 }, local: { meanMs: 200 } }],
  ['a late answer where nothing is steady', { second: 'beside', remote: { error: 0.31 }, local: { meanMs: 300 } }],
  ['a late answer for a device that hears nothing', { second: 'after', remote: { error: 0.01 } }],
  [
    'nothing known of remote: both',
    { second: 'beside', remote: { predictedMs: null, serverMs: null, serverP95Ms: null, samples: 0 } },
  ],
  [
    'local never measured: both',
    { second: 'beside', local: { meanMs: null, p95Ms: null, samples: 0, ageMs: null, guessMs: null } },
  ],
  [
    'a stale loser beside the winner',
    { second: 'beside', sinceExplore: 50, local: { meanMs: 52, ageMs: 120_000, error: 0 }, remote: { error: 0 } },
  ],
  ['a task of no length stays', { local: { meanMs: 0, p95Ms: 0 } }],
];

export function decisionVectors(): DecisionVectors {
  const random = generator(2026);
  const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!;
  const ms = (most: number) => Math.round(random() * random() * most * 1000) / 1000;
  const inputs: [string, DecisionInput][] = named.map(([name, patch]) => [name, patched(patch)]);
  for (let i = 0; i < 220; i += 1) {
    const meanMs = pick(null, ms(2_000), ms(200), ms(200));
    const serverMs = pick(null, ms(500), ms(100), ms(100));
    inputs.push([
      `drawn ${i}`,
      {
        local:
          random() < 0.05
            ? null
            : {
                meanMs,
                p95Ms: meanMs === null ? null : pick(null, meanMs * 1.5),
                samples: meanMs === null ? 0 : pick(0, 1, 7, 300),
                ageMs: meanMs === null ? null : pick(10, 60_000, 120_000, 900_000),
                running: pick(0, 0, 1, 3),
                parallelism: pick(1, 1, 2, 8),
                guessMs: pick(null, ms(300)),
                error: pick(0.05, 0.3, ms(2)),
              },
        remote: {
          available: random() < 0.9,
          predictedMs: pick(null, ms(200), ms(200)),
          serverMs,
          serverP95Ms: serverMs === null ? null : pick(null, serverMs * 2),
          samples: serverMs === null ? 0 : pick(1, 4, 16, 1_000),
          ageMs: serverMs === null ? null : pick(10, 60_000, 120_000, 900_000),
          placementMs: pick(0, 0, ms(40)),
          rttMs: ms(120),
          bytesPerMs: pick(null, 12.5, 125, 1_250, 12_500),
          upBytes: Math.floor(ms(200_000)),
          downBytes: Math.floor(ms(200_000)),
          error: pick(0.1, 0.5, ms(2)),
        },
        energyWeight: pick(0, 0, 0.25, 0.5, 1),
        power: pick(base.power, { computeW: 2, transferW: 1, idleW: 0.1 }),
        deadlineMs: pick(null, null, ms(400) + 1),
        last: pick(null, 'local' as const, 'remote' as const),
        explore: random() < 0.8,
        sinceExplore: pick(0, 5, 49, 50, 400),
        second: pick('never' as const, 'after' as const, 'beside' as const, 'beside' as const),
      },
    ]);
  }
  return {
    formula: 'sdk/typescript/src/decide.ts',
    constants: decisionConstants,
    cases: inputs.map(([name, input]) => ({ name, input, expected: decide(input) })),
  };
}

/** A line per case. */
function write(name: string, { cases, ...head }: { cases: readonly unknown[] }): void {
  const lines = cases.map((c) => `    ${JSON.stringify(c)}`).join(',\n');
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${lines}\n  ]\n}\n`;
  writeFileSync(new URL(`../sdk/vectors/${name}`, import.meta.url), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  write('decide.json', decisionVectors());
  write('history.json', historyVectors());
}
