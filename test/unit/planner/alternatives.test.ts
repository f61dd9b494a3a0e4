import { describe, expect, it } from 'vitest';
import { alternativesTo, fluidUsdPerHour, paperProblem } from '../../../lib/domain/planner/alternatives.ts';
import { plan } from '../../../lib/domain/planner/plan.ts';
import type { PlanProblem } from '../../../lib/domain/planner/types.ts';

/** μ = 50/s, R = 35 ms, λ = 1000/s: 20 VMs is the fluid bound, JSQ takes 22, the capacity-based split 47. */
const problem: PlanProblem = {
  arrivalRatePerS: 1_000,
  sla: { indicator: 'mean', targetS: 0.035 },
  policy: 'jsq',
  offers: [{ id: 'vm', serviceRatePerS: 50, cores: 1, sharingLimit: 16, priceUsdPerHour: 0.1, networkS: 0, max: 30 }],
  current: [{ offer: 'vm', state: 'running', count: 25 }],
  limits: { maxVms: 30 },
};

describe('alternatives', () => {
  it('say what else the same promise would cost', async () => {
    const chosen = plan(problem);
    const found = new Map((await alternativesTo(problem, chosen, plan)).map((a) => [a.id, a]));
    const vms = (id: 'paper' | 'capacity' | 'session') => found.get(id)?.fleet[0]?.count;
    expect(fluidUsdPerHour(problem)).toBeCloseTo(2, 10);
    expect(chosen.fleet).toEqual([{ offer: 'vm', count: 22 }]);
    // The paper's algorithm knows no cap and no running fleet here: what it would rent for the promise.
    expect(vms('paper')).toBe(47);
    expect(found.get('paper')?.costUsdPerHour).toBeCloseTo(4.7, 10);
    expect(vms('capacity')).toBe(47);
    expect(found.has('jsq')).toBe(false);
    // One less breaks the promise: that is why there are so many.
    expect(found.get('fewer')).toMatchObject({ keeps: false, fleet: [{ offer: 'vm', count: 21 }] });
    expect(found.get('fewer')!.why).toContain('35 ms promised');
    expect(found.get('unchanged')).toMatchObject({ keeps: true, fleet: [{ offer: 'vm', count: 25 }] });
    for (const { predictedS, keeps } of found.values()) {
      expect((predictedS.mean ?? Number.POSITIVE_INFINITY) <= 0.035 + 1e-9).toBe(keeps);
    }
  });

  it('say why the paper’s loop would not end', async () => {
    const slow: PlanProblem = { ...problem, sla: { indicator: 'mean', targetS: 0.015 } };
    const found = await alternativesTo(slow, { ...plan(problem) }, plan);
    const paper = found.find(({ id }) => id === 'paper')!;
    expect(paper.costUsdPerHour).toBeNull();
    expect(paper.why.length).toBeGreaterThan(40);
    expect(paperProblem(slow)).toMatchObject({ method: 'paper', policy: 'capacity', current: [], limits: {} });
  });

  it('are none where nothing was planned', async () => {
    const none = plan({ ...problem, sla: { indicator: 'mean', targetS: 0.001 } });
    expect(await alternativesTo(problem, none, plan)).toEqual([]);
  });
});
