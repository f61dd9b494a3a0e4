import { describe, expect, it } from 'vitest';
import { bohmerShare } from '../../../lib/experiments/bohmer.ts';
import { decision } from '../../../lib/experiments/decision/decision.ts';
import { type Outcome, outcomeOf } from '../../../lib/experiments/decision/outcome.ts';
import { rapid } from '../../../lib/experiments/decision/rapid.ts';
import { type DecisionRecord, parseRecords, recordTable } from '../../../lib/experiments/decision/record.ts';
import { always, judge, oracle, type Rule } from '../../../lib/experiments/decision/rules.ts';
import { sdkRule } from '../../../lib/experiments/decision/sdk-rule.ts';
import { simulateRecords } from '../../../lib/experiments/decision/simulate-records.ts';
import { csv } from '../../../lib/experiments/page.ts';
import { drawPopulation } from '../../../lib/simulator/population/population.ts';

const base: DecisionRecord = {
  atMs: 0,
  device: 0,
  deviceClass: 'phone',
  link: 'wifi',
  appId: 'chess',
  method: 'bestMove',
  size: '3',
  localMs: 100,
  placementMs: 0,
  rttMs: 20,
  transferMs: 1,
  serverMs: 19,
  cpuMs: 15,
  predictedMs: 20,
  regionRttMs: 20,
  upBytes: 500,
  downBytes: 500,
  refusedMs: null,
  localJ: 0.1,
  remoteJ: 0.02,
};
const task = (over: Partial<DecisionRecord>): DecisionRecord => ({ ...base, ...over });

describe('judging a rule', () => {
  // Remote 40, 40; local 100, 10: the oracle takes 40 + 10.
  const two = [task({}), task({ atMs: 1, device: 1, localMs: 10, localJ: 0.01 })];

  it('gives the hand-made regrets', () => {
    expect(judge(two, oracle)).toMatchObject({ meanMs: 25, regret: 0, remoteShare: 0.5, worseThanLocalP99Ms: 0 });
    expect(judge(two, always('local'))).toMatchObject({ meanMs: 55, worseThanLocalP99Ms: 0, remoteShare: 0 });
    expect(judge(two, always('local')).regret).toBeCloseTo(110 / 50 - 1, 12);
    const remote = judge(two, always('remote'));
    expect(remote.regret).toBeCloseTo(80 / 50 - 1, 12);
    expect(remote.worseThanLocalP99Ms).toBe(30);
    expect(remote.meanJ).toBeCloseTo(0.02, 12);
    // sum(ours) / sum(best) = 1.6; residuals 40 - 64 and 40 - 16: sd 33.94 over sqrt(2), by mean best 25
    expect(remote.regretCi95).toBeCloseTo((1.96 * Math.sqrt((24 ** 2 + 24 ** 2) / 1 / 2)) / 25, 9);
  });

  it('shows a rule only the side that it chose', () => {
    const seen: Outcome[] = [];
    const rule: Rule = {
      decide: (t) => ({ where: t.device === 0 ? 'remote' : 'local', hedgeMs: null }),
      observe: (_task, _choice, outcome) => seen.push(outcome),
    };
    judge(two, rule);
    expect(seen).toMatchObject([
      { ms: 40, from: 'remote', local: null, remote: { ms: 40, whole: true, endMs: 40 } },
      { ms: 10, from: 'local', local: { ms: 10, whole: true, endMs: 10 }, remote: null },
    ]);
  });

  it('refuses an empty population', () => {
    expect(() => judge([], oracle)).toThrow('without a task');
  });
});

describe('what a choice comes to', () => {
  // Local 100 ms and 0.1 J, remote 40 ms and 0.02 J.
  const there = { where: 'remote' } as const;

  it('a race: the first result, the energy of both until then', () => {
    expect(outcomeOf(task({}), { ...there, hedgeMs: 0 })).toEqual({
      ms: 40,
      joules: expect.closeTo(0.1 * 0.4 + 0.02, 12),
      from: 'remote',
      local: { ms: 40, whole: false, endMs: 40 },
      remote: { ms: 40, whole: true, endMs: 40 },
    });
    const lost = outcomeOf(task({ serverMs: 179 }), { ...there, hedgeMs: 0 });
    expect(lost).toMatchObject({ ms: 100, from: 'local', local: { whole: true }, remote: { ms: 100, whole: false } });
    expect(lost.joules).toBeCloseTo(0.1 + 0.02 / 2, 12);
  });

  it('a race that is to teach: the loser to its end', () => {
    const both = { local: true, remote: true };
    const won = outcomeOf(task({}), { ...there, hedgeMs: 0, finish: both });
    expect(won).toMatchObject({ ms: 40, local: { ms: 100, whole: true, endMs: 100 } });
    expect(won.joules).toBeCloseTo(0.12, 12);
    const lost = outcomeOf(task({ serverMs: 179 }), { ...there, hedgeMs: 0, finish: both });
    expect(lost).toMatchObject({ ms: 100, remote: { ms: 200, whole: true, endMs: 200 } });
    expect(lost.joules).toBeCloseTo(0.1 + 0.02 / 2, 12);
  });

  it('a hedge: not needed, won late, lost, and deaf to the answer while it computes', () => {
    expect(outcomeOf(task({}), { ...there, hedgeMs: 50 })).toMatchObject({ ms: 40, joules: 0.02, local: null });
    const late = task({ serverMs: 129 });
    expect(outcomeOf(late, { ...there, hedgeMs: 60 })).toMatchObject({ ms: 150, from: 'remote', local: { ms: 90 } });
    expect(outcomeOf(late, { ...there, hedgeMs: 20 })).toMatchObject({ ms: 120, from: 'local' });
    const deaf = outcomeOf(late, { ...there, hedgeMs: 60, blocking: true });
    expect(deaf).toMatchObject({ ms: 160, from: 'local', remote: { ms: 160, whole: false } });
  });

  it('a refusal: a local run after it, or beside the asking', () => {
    const refused = task({ refusedMs: 30, remoteJ: 0.11 });
    expect(outcomeOf(refused, { ...there, hedgeMs: null })).toMatchObject({ ms: 130, from: 'local', remote: null });
    const raced = outcomeOf(refused, { ...there, hedgeMs: 0 });
    expect(raced).toMatchObject({ ms: 100, from: 'local', remote: null });
    expect(raced.joules).toBeCloseTo(0.11, 12);
    expect(judge([refused], oracle).meanMs).toBe(100);
    expect(judge([refused], always('remote')).meanMs).toBe(130);
  });
});

describe("RAPID's rule", () => {
  const drive = (rule: Rule, records: DecisionRecord[]): string[] =>
    records.map((record) => {
      const choice = rule.decide(record);
      rule.observe(record, choice, outcomeOf(record, choice));
      return choice.where;
    });

  it('offloads first on a good link, then has no local past and stays local, then follows the shorter mean', () => {
    const sides = drive(
      rapid(),
      [1, 2, 3, 4].map((atMs) => task({ atMs })),
    );
    expect(sides).toEqual(['remote', 'local', 'remote', 'remote']);
  });

  it('stays local at first on a bad link and switches sides after ten runs in a row', () => {
    expect(rapid().decide(task({ transferMs: 1_000 })).where).toBe('local');
    const records = Array.from({ length: 16 }, (_, atMs) => task({ atMs }));
    // remote, local, then ten remote in a row, one local
    expect(
      drive(rapid(), records)
        .map((side) => side[0])
        .join(''),
    ).toBe('rlrrrrrrrrrrlrrr');
  });
});

describe("the SDK's own code, replayed", () => {
  it.each([true, false])(
    'settles on the better side for each size of a method (free while it computes: %s)',
    (aside) => {
      const rule = sdkRule({ hints: true, aside });
      const records = Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0
          ? task({ atMs: i * 1_000 })
          : task({ atMs: i * 1_000, size: '1', localMs: 5, cpuMs: 0.8, serverMs: 2 }),
      );
      const sides = records.map((record) => {
        const choice = rule.decide(record);
        rule.observe(record, choice, outcomeOf(record, choice));
        return choice.hedgeMs === 0 ? 'both' : choice.where;
      });
      expect(new Set(sides.slice(20).filter((_, i) => i % 2 === 0))).toEqual(new Set(['remote']));
      expect(new Set(sides.slice(20).filter((_, i) => i % 2 === 1))).toEqual(new Set(['local']));
    },
  );

  it('does not decide by what it could not know', () => {
    // The same past, another outcome of the task at hand: the same choice.
    const decided = (last: Partial<DecisionRecord>) => {
      const rule = sdkRule({ hints: true, aside: true });
      for (let i = 0; i < 5; i++) {
        const record = task({ atMs: i * 1_000, localMs: 45 });
        const choice = rule.decide(record);
        rule.observe(record, choice, outcomeOf(record, choice));
      }
      return rule.decide(task({ atMs: 5_000, ...last }));
    };
    const usual = decided({});
    expect(decided({ localMs: 1, localJ: 0 })).toEqual(usual);
    expect(decided({ serverMs: 900, cpuMs: 700, rttMs: 400, transferMs: 50, refusedMs: 3 })).toEqual(usual);
  });

  it('hears of a run that nobody waited for only when it has ended', () => {
    const choices = (atMs: number) => {
      const rule = sdkRule({ hints: true, aside: true });
      const first = task({ serverMs: 5_000, localMs: 50 });
      const choice = rule.decide(first);
      expect(choice).toMatchObject({ hedgeMs: 0, finish: { remote: true } });
      rule.observe(first, choice, outcomeOf(first, choice));
      return rule.decide(task({ atMs, localMs: 50 }));
    };
    expect(choices(4_000).hedgeMs).toBe(0);
    expect(choices(6_000).where).toBe('local');
  });

  it('keeps its bars on a population of another seed than the recorded run', () => {
    const tasks = drawPopulation({
      devices: 80,
      durationS: 7 * 86_400,
      startHour: 0,
      speed: 1,
      tasksPerDevice: 700,
      tasksPerSession: 8,
      pauseS: 5,
      dayShare: bohmerShare,
      seed: 23,
    });
    const records = simulateRecords(tasks, 23);
    const ours = judge(records, sdkRule({ hints: true, aside: true }));
    expect(ours.regret).toBeLessThan(0.05);
    expect(ours.worseThanLocalP99Ms).toBeLessThan(20);
    expect(ours.meanMs).toBeLessThan(judge(records, rapid()).meanMs);
  });
});

describe('recorded populations', () => {
  it('read back as they were written, without tasks of which one side is unknown', () => {
    const written = csv(recordTable('t', [task({}), task({ atMs: 5, link: 'lte' })]));
    expect(parseRecords(written, 't.csv')).toEqual([task({}), task({ atMs: 5, link: 'lte' })]);
    const unknown = task({ predictedMs: null, regionRttMs: null, refusedMs: 12 });
    expect(parseRecords(csv(recordTable('t', [unknown])), 't.csv')).toEqual([unknown]);
    const [header, first] = written.split('\n') as [string, string];
    const cells = first.split(',');
    cells[header.split(',').indexOf('serverMs')] = '';
    expect(parseRecords(`# a comment\n${header}\n${cells.join(',')}\n${first}\n`, 't.csv')).toHaveLength(1);
  });

  it('are refused with the line and the value', () => {
    const written = csv(recordTable('t', [task({})]));
    expect(() => parseRecords(written.replace('chess,bestMove,3,0', 'chess,bestMove,3,x'), 't.csv')).toThrow(
      't.csv:2: atMs must be a number of 0 or more, received "x"',
    );
    expect(() => parseRecords('a,b\n1,2\n', 't.csv')).toThrow('t.csv has no column deviceClass');
  });

  it('are the same under their seed', async () => {
    const context = { seed: 3, dataDir: '', quick: true, speed: 1, onProgress: () => {} };
    expect(await decision.run(context)).toEqual(await decision.run(context));
  });
});
