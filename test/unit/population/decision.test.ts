import { describe, expect, it } from 'vitest';
import { bohmerShare } from '../../../lib/experiments/bohmer.ts';
import { decision } from '../../../lib/experiments/decision/decision.ts';
import { rapid } from '../../../lib/experiments/decision/rapid.ts';
import { type DecisionRecord, parseRecords, recordTable } from '../../../lib/experiments/decision/record.ts';
import { always, judge, oracle, type Rule, type Side } from '../../../lib/experiments/decision/rules.ts';
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
  upBytes: 500,
  downBytes: 500,
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
    const seen: [Side, number][] = [];
    const rule: Rule = {
      decide: (t) => (t.device === 0 ? 'remote' : 'local'),
      observe: (_, side, ms) => seen.push([side, ms]),
    };
    judge(two, rule);
    expect(seen).toEqual([
      ['remote', 40],
      ['local', 10],
    ]);
  });

  it('refuses an empty population', () => {
    expect(() => judge([], oracle)).toThrow('without a task');
  });
});

describe("RAPID's rule", () => {
  const drive = (rule: Rule, records: DecisionRecord[]): Side[] =>
    records.map((record) => {
      const side = rule.decide(record);
      rule.observe(record, side, side === 'local' ? record.localMs : 40);
      return side;
    });

  it('offloads first on a good link, then has no local past and stays local, then follows the shorter mean', () => {
    const sides = drive(
      rapid(),
      [1, 2, 3, 4].map((atMs) => task({ atMs })),
    );
    expect(sides).toEqual(['remote', 'local', 'remote', 'remote']);
  });

  it('stays local at first on a bad link and switches sides after ten runs in a row', () => {
    expect(rapid().decide(task({ transferMs: 1_000 }))).toBe('local');
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
  it('settles on the better side for each size of a method', () => {
    const rule = sdkRule(true);
    const records = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? task({ atMs: i * 1_000 })
        : task({ atMs: i * 1_000, size: '1', localMs: 5, cpuMs: 0.8, serverMs: 2 }),
    );
    const sides = records.map((record) => {
      const side = rule.decide(record);
      rule.observe(record, side, side === 'local' ? record.localMs : 40);
      return side;
    });
    expect(new Set(sides.slice(20).filter((_, i) => i % 2 === 0))).toEqual(new Set(['remote']));
    expect(new Set(sides.slice(20).filter((_, i) => i % 2 === 1))).toEqual(new Set(['local']));
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
    const ours = judge(records, sdkRule(true));
    expect(ours.regret).toBeLessThan(0.05);
    expect(ours.worseThanLocalP99Ms).toBeLessThan(20);
    expect(ours.meanMs).toBeLessThan(judge(records, rapid()).meanMs);
  });
});

describe('recorded populations', () => {
  it('read back as they were written, without tasks of which one side is unknown', () => {
    const written = csv(recordTable('t', [task({}), task({ atMs: 5, link: 'lte' })]));
    expect(parseRecords(written, 't.csv')).toEqual([task({}), task({ atMs: 5, link: 'lte' })]);
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
