import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bohmerDay, bohmerShare } from '../../../lib/experiments/bohmer.ts';
import type { ExperimentContext } from '../../../lib/experiments/experiment.ts';
import { iotFigure4b, type RoutingTarget } from '../../../lib/experiments/iot-figure-4b.ts';
import { minimaxPositions } from '../../../lib/experiments/minimax.ts';
import { oaasFigure3 } from '../../../lib/experiments/oaas-figure-3.ts';
import { csv } from '../../../lib/experiments/page.ts';
import { memoPlanner } from '../../../lib/experiments/planner-memo.ts';
import { experiments } from '../../../lib/experiments/registry.ts';
import { runExperiment, writeCollection } from '../../../lib/experiments/run.ts';
import { runScenarios } from '../../../lib/experiments/scenarios.ts';
import { runScenario } from '../../../lib/simulator/scenario/run-scenario.ts';
import type { Scenario } from '../../../lib/simulator/scenario/types.ts';

const context: ExperimentContext = { seed: 1, dataDir: '/nowhere', quick: true, speed: 1, onProgress: () => {} };

test('names are unique and fit for folders', () => {
  const names = experiments.map((e) => e.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
});

test('an experiment writes its tables, figures and page, and the collection links them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-experiments-'));
  try {
    const out = join(folder, 'all');
    const outcome = await runExperiment(oaasFigure3, context, out);
    const page = await readFile(join(out, 'oaas-figure-3', 'README.md'), 'utf8');
    expect(page).toContain('| claim | ours | holds |');
    expect(await readFile(join(out, 'oaas-figure-3', 'figure-3.svg'), 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const lines = (await readFile(join(out, 'oaas-figure-3', 'figure-3.csv'), 'utf8')).trim().split('\n');
    expect(lines[0]).toBe('policy,arrivalRatePerS,modelS,simulatedS,ci95S');
    expect(lines.length).toBe(1 + outcome.report.tables[0]!.rows.length);
    const { path, names } = await writeCollection(experiments, out);
    expect(names).toEqual(['oaas-figure-3']);
    const collection = await readFile(path, 'utf8');
    expect(collection).toContain('](all/oaas-figure-3/figure-3.svg)');
    expect(collection).toContain(`\n## ${oaasFigure3.title}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('CSV quotes what needs it', () => {
  expect(csv({ name: 't', header: ['a', 'b'], rows: [['x, "y"', 1 / 3]] })).toBe('a,b\n"x, ""y""",0.33333333\n');
});

test('the Böhmer day is linear between its hours and peaks at 18 h', () => {
  expect(bohmerShare(18)).toBe(1);
  expect(bohmerShare(18.5)).toBeCloseTo((1 + bohmerShare(19)) / 2, 12);
  expect(bohmerShare(24)).toBe(bohmerShare(0));
  const day = bohmerDay(440, 600);
  expect(day.length).toBe(144);
  expect(Math.max(...day)).toBeLessThan(440);
});

test('the minimax task searches the known number of positions', () => {
  expect(minimaxPositions()).toBe(549_946);
});

const scenario: Scenario = {
  slots: [{ arrivalRatePerS: 8 }, { arrivalRatePerS: 12 }],
  slotS: 60,
  offers: [{ id: 'A', serviceRatePerS: 10, cores: 1, sharingLimit: 4, priceUsdPerHour: 0.06, networkS: 0, max: 50 }],
  sla: { indicator: 'mean', targetS: 0.2 },
  forecast: 'oracle',
  bootS: 0,
  seed: 3,
};

test('scenarios run on workers give what they give here, in order', async () => {
  const scenarios = [1, 2, 3].map((seed) => ({ ...scenario, seed }));
  const results = await runScenarios(scenarios);
  expect(results).toEqual(scenarios.map((s) => runScenario(s, { plan: memoPlanner(1) })));
});

test('the remembered plan keeps the target that the planner itself would keep', () => {
  const { offers, sla } = scenario;
  const problem = { offers: [...offers], sla, policy: 'jsq' as const, arrivalRatePerS: 123.4 };
  const aimed = memoPlanner(0.95)(problem);
  expect(aimed.predicted.responseTimeS.mean).toBeLessThanOrEqual(0.95 * sla.targetS);
  expect(memoPlanner(0.95)({ ...problem, arrivalRatePerS: 123.41 })).toBe(aimed);
});

describe('Figure 4b on a recorded target', () => {
  function fake(fail = false) {
    const log: string[] = [];
    const target: RoutingTarget = {
      scaleTo: async (servers) => void log.push(`scale ${servers}`),
      request: async () => {
        if (fail) throw new Error('front-end is gone');
        log.push('request');
        return { routingMs: 2, totalMs: 30 };
      },
      close: async () => void log.push('close'),
    };
    return { log, target };
  }

  test('asks every number of servers, waits 3 s / speed, and closes', async () => {
    const { log, target } = fake();
    const waits: number[] = [];
    const experiment = iotFigure4b(
      async () => target,
      async (ms) => void waits.push(ms),
    );
    const report = await experiment.run({ ...context, speed: 10 });
    expect(log.filter((l) => l.startsWith('scale'))).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `scale ${n}`));
    expect(new Set(waits)).toEqual(new Set([300]));
    expect(log.at(-1)).toBe('close');
    expect(report.claims.every((c) => c.holds === true)).toBe(true);
  });

  test('closes the system when a request fails', async () => {
    const { log, target } = fake(true);
    const experiment = iotFigure4b(
      async () => target,
      async () => {},
    );
    await expect(experiment.run(context)).rejects.toThrow('front-end is gone');
    expect(log.at(-1)).toBe('close');
  });
});
