/** Rules that decide task by task, and what each of them came to on one recorded population. */
import { type Choice, type Outcome, outcomeOf } from './outcome.ts';
import { type DecisionRecord, remoteMsOf } from './record.ts';

/** A rule decides from what it saw before; what it sees of a task is only what the sides that it ran came to. */
export interface Rule {
  decide(task: DecisionRecord): Choice;
  observe(task: DecisionRecord, choice: Choice, outcome: Outcome): void;
}

export interface Judgement {
  meanMs: number;
  meanJ: number;
  /** Of the tasks, those whose result came from a surrogate. */
  remoteShare: number;
  /** Of the tasks, those that ran on both sides for some time. */
  bothShare: number;
  /** Mean beyond the oracle's, as a share of the oracle's. */
  regret: number;
  /** Half-width of the 95 % confidence interval of the regret, devices as the independent units. */
  regretCi95: number;
  /** 99th percentile over tasks of (this rule - local), ms. */
  worseThanLocalP99Ms: number;
  /** Its 95 % confidence interval, by ranks, tasks taken as independent. */
  worseThanLocalP99Ci: readonly [number, number];
}

export const always = (where: Choice['where']): Rule => ({
  decide: () => ({ where, hedgeMs: null }),
  observe: () => {},
});
/** Knows both outcomes. */
export const oracle: Rule = {
  decide: (task) => ({ where: remoteMsOf(task) < task.localMs ? 'remote' : 'local', hedgeMs: null }),
  observe: () => {},
};

/** Plays the tasks, which are in order of time, to a rule. */
export function judge(records: readonly DecisionRecord[], rule: Rule): Judgement {
  if (records.length === 0) throw new RangeError('a population without a task cannot be judged');
  const perDevice = new Map<number, { ours: number; best: number }>();
  const worse = new Float64Array(records.length);
  let totalMs = 0;
  let totalJ = 0;
  let bestMs = 0;
  let remote = 0;
  let both = 0;
  for (const [i, task] of records.entries()) {
    const choice = rule.decide(task);
    const outcome = outcomeOf(task, choice);
    rule.observe(task, choice, outcome);
    const { ms } = outcome;
    const best = Math.min(task.localMs, remoteMsOf(task));
    const device = perDevice.get(task.device) ?? { ours: 0, best: 0 };
    device.ours += ms;
    device.best += best;
    perDevice.set(task.device, device);
    worse[i] = ms - task.localMs;
    totalMs += ms;
    bestMs += best;
    totalJ += outcome.joules;
    if (outcome.from === 'remote') remote += 1;
    if (outcome.local !== null && outcome.remote !== null) both += 1;
  }
  worse.sort();
  const regret = totalMs / bestMs - 1;
  const halfRanks = 1.96 * Math.sqrt(records.length * 0.99 * 0.01);
  return {
    meanMs: totalMs / records.length,
    meanJ: totalJ / records.length,
    remoteShare: remote / records.length,
    bothShare: both / records.length,
    regret,
    regretCi95: ratioCi95([...perDevice.values()], 1 + regret),
    worseThanLocalP99Ms: atRank(worse, 0.99 * records.length),
    worseThanLocalP99Ci: [
      atRank(worse, 0.99 * records.length - halfRanks),
      atRank(worse, 0.99 * records.length + halfRanks),
    ],
  };
}

const atRank = (sorted: Float64Array, rank: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(rank) - 1))]!;

/** Half-width of the interval of sum(ours) / sum(best) over devices, by the delta method. */
function ratioCi95(devices: readonly { ours: number; best: number }[], ratio: number): number {
  const n = devices.length;
  if (n < 2) return Number.POSITIVE_INFINITY;
  const meanBest = devices.reduce((sum, d) => sum + d.best, 0) / n;
  const variance = devices.reduce((sum, d) => sum + (d.ours - ratio * d.best) ** 2, 0) / (n - 1);
  return (1.96 * Math.sqrt(variance / n)) / meanBest;
}
