import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scenarioResultSchema, scenarioSchema } from '../../../lib/ports/contracts/simulate.ts';
import { scenarioOf } from '../../../lib/simulator/scenario/document.ts';

const offers = [{ id: 'a', serviceRatePerS: 10, priceUsdPerHour: 0.06 }];
const minimal = { slots: [{ arrivalRatePerS: 5 }], offers, sla: { targetS: 0.3 } };
const problems = (more: object) =>
  scenarioSchema.safeParse({ ...minimal, ...more }).error?.issues.map((issue) => issue.path.join('.')) ?? [];

const csv = (rows: readonly string[]) =>
  ['# slot_seconds=600', '# timezone=UTC+2', 'slot,timestamp,count', ...rows].join('\n');
const trace = csv([
  '0,2026-03-01T00:00:00,60',
  '1,2026-03-01T00:10:00,120',
  '2,2026-03-01T00:20:00,',
  '3,2026-03-01T00:40:00,600',
]);
const fromTrace = (more: object) => {
  const { slots: _, ...rest } = minimal;
  return scenarioOf(scenarioSchema.parse({ ...rest, ...more }), () => trace);
};
const rates = (slots: readonly { arrivalRatePerS: number }[] | undefined) => slots?.map((s) => s.arrivalRatePerS);

describe('scenario documents', () => {
  it('fills in defaults', () => {
    const scenario = scenarioOf(scenarioSchema.parse(minimal), () => '');
    expect(scenario.offers[0]).toMatchObject({ cores: 1, sharingLimit: 16, networkS: 0, purchaseOption: 'on-demand' });
    expect(scenario).toMatchObject({ policy: 'jsq', planner: 'exact', forecast: 'auto', seed: 1 });
    expect(scenario).not.toHaveProperty('session');
  });

  it.each([
    [{ slots: [{ arrivalRatePerS: -1 }] }, 'slots.0.arrivalRatePerS'],
    [{ trace: { file: 'x' } }, 'slots'],
    [{ policy: 'session' }, 'session'],
    [{ initial: [{ offer: 'b', count: 1 }] }, 'initial.0.offer'],
    [{ offers: [...offers, ...offers] }, 'offers.1.id'],
    [{ demand: { distribution: 'lognormal' } }, 'demand.scv'],
    [{ demand: { distribution: 'hyperexponential', scv: 0.5 } }, 'demand.scv'],
    [{ demand: { distribution: 'mixture' } }, 'demand.apps'],
    [{ planner: { method: 'concurrency', offer: 'b' } }, 'planner.offer'],
    [{ planner: 'best' }, 'planner'],
    [{ history: 5 }, 'history'],
    [{ sharingLimit: 3 }, ''],
  ])('points at the field that is wrong: %j', (more, path) => {
    expect(problems(more)).toContain(path);
  });

  it('reads a trace: its zone and start, gaps bridged, counts as rates', () => {
    const scenario = fromTrace({ trace: { file: 't' } });
    expect(rates(scenario.slots)).toEqual([0.1, 0.2, 0.2, 0.2, 1]);
    expect(scenario).toMatchObject({ slotS: 600, timeZone: 'UTC+2', startMs: Date.UTC(2026, 1, 28, 22) });
  });

  it('scales the slots simulated, and the history by the same factor', () => {
    const scenario = fromTrace({ trace: { file: 't', scaleToPeakPerS: 50, firstSlot: 2 }, history: 2 });
    expect(rates(scenario.slots)).toEqual([10, 10, 50]);
    expect(rates(scenario.history)).toEqual([5, 10]);
    expect(scenario.startMs).toBe(Date.UTC(2026, 1, 28, 22, 20));
    const mean = fromTrace({ trace: { file: 't', scaleToMeanPerS: 3, firstSlot: 0, slots: 2 } });
    expect(rates(mean.slots)).toEqual([expect.closeTo(2, 9), expect.closeTo(4, 9)]);
  });

  it('changes the slot length without changing the number of requests', () => {
    const fine = fromTrace({ trace: { file: 't' }, slotS: 300 });
    expect(rates(fine.slots)!.slice(0, 4)).toEqual([0.1, 0.1, 0.2, 0.2]);
    const coarse = fromTrace({ trace: { file: 't' }, slotS: 1200 });
    expect(rates(coarse.slots)).toEqual([expect.closeTo(0.15, 12), expect.closeTo(0.2, 12)]);
  });

  it('refuses a window outside the trace', () => {
    expect(() => fromTrace({ trace: { file: 't', firstSlot: 9 } })).toThrow(/firstSlot is 9: the trace has 5 slots/);
    expect(() => fromTrace({ trace: { file: 't', firstSlot: 1 }, history: 2 })).toThrow(/history of 2 slots/);
  });

  it('reads a trace of single requests to the microsecond, with their demands', () => {
    const { slots: _, ...rest } = minimal;
    const text = 'TIMESTAMP,Tokens\n2023-11-16 18:17:03.9799600,10\n2023-11-16 18:17:04.0319605,30\n';
    const scenario = scenarioOf(
      scenarioSchema.parse({ ...rest, requests: { file: 'r', demandColumn: 'Tokens' }, slotS: 60 }),
      () => text,
    );
    expect(rates(scenario.slots)).toEqual([2 / 60]);
    expect(scenario.arrivals).toMatchObject({
      process: 'times',
      timesS: [0, expect.closeTo(0.0520005, 6)],
      demands: [10, 30],
    });
  });

  it('publishes its schemas', () => {
    expect(z.toJSONSchema(scenarioSchema, { io: 'input' })).toMatchObject({ type: 'object' });
    expect(z.toJSONSchema(scenarioResultSchema, { io: 'output' })).toMatchObject({ type: 'object' });
  });
});

describe('oaas simulate', () => {
  const oaas = ['bin/oaas.js', 'simulate'];

  it('writes a result of the published shape, and the same for the same seed', () => {
    const input = JSON.stringify({ ...minimal, bootS: 40, forecast: 'oracle' });
    const simulate = (...args: string[]) =>
      JSON.parse(execFileSync(process.execPath, [...oaas, '--json', ...args], { input, encoding: 'utf8' }));
    const result = simulate('--seed', '3');
    expect(scenarioResultSchema.parse(result)).toEqual(result);
    expect(simulate('--seed', '3')).toEqual(result);
    expect(simulate('--seed', '4').total.requests).not.toBe(result.total.requests);
  });

  it('ends with status 2 and the field at fault on bad input', () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, oaas, {
      input: JSON.stringify({ ...minimal, planner: 'best' }),
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/planner: .*(received "best")/);
    expect(stdout).toBe('');
  });
});
