import { readFile } from 'node:fs/promises';
import { drawPopulation } from '../../simulator/population/population.ts';
import { bohmerShare } from '../bohmer.ts';
import type { Experiment, ExperimentContext } from '../experiment.ts';
import { barChart } from '../svg.ts';
import { rapid } from './rapid.ts';
import { type DecisionRecord, parseRecords, recordTable } from './record.ts';
import { always, type Judgement, judge, oracle, type Rule } from './rules.ts';
import { sdkRule } from './sdk-rule.ts';
import { simulateRecords } from './simulate-records.ts';

const dayS = 86_400;
const mostRegret = 0.05;
const mostWorseMs = 20;

const contestants: readonly { name: string; rule: () => Rule }[] = [
  { name: 'oracle', rule: () => oracle },
  { name: 'OaaS', rule: () => sdkRule({ hints: true, aside: true }) },
  { name: 'OaaS, blocking', rule: () => sdkRule({ hints: true, aside: false }) },
  { name: 'OaaS without hints', rule: () => sdkRule({ hints: false, aside: true }) },
  { name: 'RAPID', rule: rapid },
  { name: 'always local', rule: () => always('local') },
  { name: 'always remote', rule: () => always('remote') },
];

/** The decision to offload or not, against an oracle that knows both outcomes, on a recorded population. */
export const decision: Experiment = {
  name: 'decision',
  title: 'Quality of the offload decision',
  source:
    "Ours: the SDK's own decision code and estimators replayed over a population with both outcomes of every task known.",
  async run(context) {
    const { records, origin } = await population(context);
    const results = contestants.map(({ name, rule }) => ({ name, of: judge(records, rule()) }));
    const start = records[0]!.atMs;
    const firstDay = records.filter((r) => r.atMs < start + dayS * 1_000);
    const early = contestants.map(({ rule }) => judge(firstDay, rule()).regret);
    const at = (name: string): Judgement => results.find((r) => r.name === name)!.of;
    const ours = at('OaaS');
    const [low, high] = ours.worseThanLocalP99Ci;
    const rivals = ['RAPID', 'always local', 'always remote'];
    return {
      claims: [
        {
          claim: `regret in time at most ${100 * mostRegret} % of the oracle's mean`,
          ours: `${percent(ours.regret)} ± ${percent(ours.regretCi95)} of ${at('oracle').meanMs.toFixed(1)} ms; RAPID's rule ${percent(at('RAPID').regret)}`,
          holds: ours.regret <= mostRegret,
        },
        {
          claim: `at the 99th percentile at most ${mostWorseMs} ms worse than local`,
          ours: `${ours.worseThanLocalP99Ms.toFixed(1)} ms (95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}); RAPID's rule ${at('RAPID').worseThanLocalP99Ms.toFixed(1)} ms`,
          holds: ours.worseThanLocalP99Ms <= mostWorseMs,
        },
        {
          claim: "less time than RAPID's rule, always local and always remote",
          ours: ['OaaS', ...rivals].map((name) => `${name} ${at(name).meanMs.toFixed(1)} ms`).join(', '),
          holds: rivals.every((name) => ours.meanMs < at(name).meanMs),
        },
      ],
      tables: [
        {
          name: 'decision',
          header: [
            'rule',
            'meanMs',
            'regret',
            'regretCi95',
            'regretFirstDay',
            'worseThanLocalP99Ms',
            'remoteShare',
            'bothShare',
            'meanJ',
          ],
          rows: results.map(({ name, of }, i) => [
            name,
            of.meanMs,
            of.regret,
            of.regretCi95,
            early[i]!,
            of.worseThanLocalP99Ms,
            of.remoteShare,
            of.bothShare,
            of.meanJ,
          ]),
        },
        recordTable('recorded-sample', records.slice(0, 200)),
      ],
      shown: ['decision'],
      figures: [
        {
          name: 'decision',
          caption: "Mean time of a task beyond the oracle's, by rule and class of device",
          svg: byClass(records),
        },
      ],
      notes: [
        origin,
        'A rule sees only the outcomes of the sides that it ran, and not before they had ended. What it decides does not change the outcomes of others. Regret: mean time beyond the oracle, over the mean of the oracle; its interval takes devices as the independent units.',
        'OaaS: the methods are idempotent and their local implementations leave the calling thread free (`localRunsAside`), so that both sides may run at once where it is open which is faster; `bothShare` is how often they did, `meanJ` holds the energy of both.',
        'OaaS, blocking: as JavaScript that computes in the thread that called it. It cannot race, and once it has started it hears no answer.',
        'OaaS without hints: the app does not tell its calls apart (`sizeOf`), the platform does not name the network. Every other rule but RAPID, which keeps its remote history per network, has no use for them.',
        'The first day is what devices pay for learning from nothing; the SDK keeps what it learned for as long as the process lives.',
        "RAPID's rule is that of its Android client (class DSE): past durations and transfer rates per method, sides switched after ten runs in a row.",
      ],
    };
  },
};

async function population(context: ExperimentContext): Promise<{ records: DecisionRecord[]; origin: string }> {
  const { file, seed, quick } = context;
  if (file !== undefined) {
    const records = parseRecords(await readFile(file, 'utf8'), file);
    if (records.length === 0) throw new RangeError(`${file} holds no task of which both outcomes are known`);
    return { records, origin: `Recorded live: ${records.length} tasks from ${file.replace(/^.*\//, '')}.` };
  }
  const devices = quick ? 40 : 300;
  const days = quick ? 2 : 7;
  const tasks = drawPopulation({
    devices,
    durationS: days * dayS,
    startHour: 0,
    speed: 1,
    tasksPerDevice: 100 * days,
    tasksPerSession: 8,
    pauseS: 5,
    dayShare: bohmerShare,
    seed,
  });
  const records = simulateRecords(tasks, seed);
  const origin = `Simulated: ${records.length} tasks of ${devices} devices over ${days} days, about 100 a day each (docs/population.md).`;
  return { records, origin };
}

function byClass(records: readonly DecisionRecord[]): string {
  const classes = [...new Set(records.map((r) => r.deviceClass))].sort();
  const shown = contestants.filter(({ name }) => name !== 'oracle');
  return barChart({
    title: 'Mean time beyond the oracle',
    yLabel: 'ms per task',
    categories: classes,
    series: shown.map(({ name, rule }) => ({
      name,
      values: classes.map((deviceClass) => {
        const own = records.filter((r) => r.deviceClass === deviceClass);
        return judge(own, rule()).meanMs - judge(own, oracle).meanMs;
      }),
    })),
  });
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
