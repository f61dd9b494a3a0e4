import { predict } from '../domain/queueing/predict.ts';
import type { VmGroup } from '../domain/queueing/types.ts';
import { simulatePool } from '../simulator/engine/simulate-pool.ts';
import type { Experiment } from './experiment.ts';
import { lineChart, type Series } from './svg.ts';

const POLICIES = ['even', 'capacity', 'sqrt', 'jsq'] as const;
const CLOSED_FORM = new Set(['even', 'capacity', 'sqrt']);
const SHARING_LIMIT = 2;
const pool: VmGroup[] = [5, 7].map((serviceRatePerS) => ({
  serviceRatePerS,
  cores: 1,
  sharingLimit: SHARING_LIMIT,
  count: 1,
  networkS: 0,
}));

/** Figure 3 of the OaaS paper: two VMs, response time by analysis and simulation. */
export const oaasFigure3: Experiment = {
  name: 'oaas-figure-3',
  title: 'OaaS paper, Figure 3: two VMs of 5/s and 7/s, analysis and simulation',
  source: 'Jadad & Touzene 2026, equations 1-10 and Figure 3 (N = 2).',
  async run({ seed, quick }) {
    const rows: (string | number)[][] = [];
    const series: Series[] = [];
    let inside = 0;
    let points = 0;
    let worstJsqPct = 0;
    const at = (policy: string, rate: number) => rows.find((r) => r[0] === policy && r[1] === rate);
    for (const [colour, policy] of POLICIES.entries()) {
      const stable = policy === 'even' ? 10 : 12;
      const analysis = range(0.25, stable - 0.5, 0.25).map((x) => ({ x, y: meanS(policy, x) }));
      series.push({ name: policy, points: analysis, colour });
      const simulated = range(1, stable - 0.5, 1).map((rate) => {
        const { responseTimeS } = simulatePool({
          pool,
          arrivalRatePerS: rate,
          dispatch: { policy },
          seed,
          requests: quick ? 10_000 : 100_000,
          replications: 10,
        });
        const model = meanS(policy, rate);
        rows.push([policy, rate, model, responseTimeS.mean, responseTimeS.ci95.mean]);
        if (CLOSED_FORM.has(policy)) {
          points += 1;
          if (Math.abs(model - responseTimeS.mean) <= responseTimeS.ci95.mean) inside += 1;
        } else worstJsqPct = Math.max(worstJsqPct, 100 * Math.abs(model / responseTimeS.mean - 1));
        return { x: rate, y: responseTimeS.mean, error: responseTimeS.ci95.mean };
      });
      series.push({ name: `${policy}, simulation`, points: simulated, style: 'dots', colour, unlisted: true });
    }
    const nine = (policy: string) => Number(at(policy, 9)?.[3]);
    return {
      claims: [
        {
          claim: 'analysis and simulation agree (equations 1-10)',
          ours: `${inside} of ${points} closed-form means lie in the simulation's 95 % interval, where 95 % are expected to`,
          holds: inside >= 0.85 * points,
        },
        {
          claim: 'the capacity-based split beats the even one',
          ours: `at 9/s: ${ms(nine('capacity'))} against ${ms(nine('even'))}; the even split is unstable from 10/s, the capacity-based from 12/s`,
          holds: nine('capacity') < nine('even'),
        },
        {
          claim: '(ours) the square-root split is the best static one, and seeing the occupancy beats them all',
          ours: `at 9/s: sqrt ${ms(nine('sqrt'))}, JSQ ${ms(nine('jsq'))}; the model of JSQ is at most ${worstJsqPct.toFixed(1)} % off the simulation`,
          holds: nine('sqrt') <= nine('capacity') && nine('jsq') < nine('sqrt'),
        },
      ],
      tables: [{ name: 'figure-3', header: ['policy', 'arrivalRatePerS', 'modelS', 'simulatedS', 'ci95S'], rows }],
      figures: [
        {
          name: 'figure-3',
          caption: 'Mean response time of two VMs (5/s and 7/s, N = 2): lines are the analysis, dots the simulation',
          svg: lineChart({
            title: 'Mean response time, two VMs of 5/s and 7/s',
            xLabel: 'arrival rate, requests/s',
            yLabel: 'mean response time, s',
            series,
            xRange: [0, 12],
            yRange: [0, 2],
          }),
        },
      ],
      notes: ['Poisson arrivals, exponential service, 10 independent replications per point with their 95 % interval.'],
    };
  },
};

function meanS(policy: (typeof POLICIES)[number], arrivalRatePerS: number): number {
  return predict({ pool, arrivalRatePerS, policy }).responseTimeS.mean ?? Number.POSITIVE_INFINITY;
}

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) => from + i * step);
export const ms = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;
