import type { Scenario } from '../../simulator/scenario/types.ts';
import { bohmerDay } from '../bohmer.ts';
import type { ExperimentContext, ExperimentReport } from '../experiment.ts';
import { runJobs } from '../scenarios.ts';
import { lineChart } from '../svg.ts';
import { CONTROL_PLANE_USD_PER_MILLION, contestants, jobOf } from './contestants.ts';
import { HISTORY_NOISE, noisyHistory } from './noise.ts';
import { scoreOf } from './score.ts';

const LOOSENESS = [1.5, 2, 3, 5, 7, 10];
const NAMES = [
  'OaaS exact',
  'OaaS session',
  'our planner, round robin',
  'paper, oracle',
  'target tracking, least outstanding',
];
const SLOT_S = 600;

/** How the gain depends on R μ, the target in mean service times: tasks of 1 s, peak 44/s, so that pools are as large as at 440/s. */
export async function sweepPart(context: ExperimentContext): Promise<ExperimentReport> {
  const chosen = NAMES.map((name) => contestants.find((c) => c.name === name)!);
  const runs = LOOSENESS.flatMap((targetS) =>
    chosen.map((contestant) => ({ targetS, contestant, seed: context.seed })),
  );
  const results = await runJobs(
    runs.map((run) => jobOf(run.contestant, scenario(run.targetS, run.seed), run.contestant.usual[0]!)),
    (done, all) => context.onProgress(`R μ, ${done}/${all} runs`),
  );
  const score = (targetS: number, name: string) =>
    scoreOf(results.filter((_, i) => runs[i]!.targetS === targetS && runs[i]!.contestant.name === name));
  const ratio = (targetS: number) =>
    score(targetS, 'paper, oracle').rentOverBound / score(targetS, 'OaaS exact').rentOverBound;
  return {
    claims: [
      {
        claim: 'the gain shrinks as the target loosens: about half the rent at R μ = 2, about 1.1 x at R μ = 10',
        ours: LOOSENESS.map((r) => `R μ ${r}: paper/exact ${ratio(r).toFixed(2)}`).join('; '),
        holds:
          LOOSENESS.every((r, i) => i === 0 || ratio(r) < ratio(LOOSENESS[i - 1]!)) &&
          ratio(2) > 1.8 &&
          ratio(10) < 1.25,
      },
    ],
    tables: [
      {
        name: 'looseness',
        header: ['Rmu', 'contestant', 'rentOverBound', 'costOverBound', 'slotsWithin'],
        rows: LOOSENESS.flatMap((r) =>
          NAMES.map((name) => {
            const s = score(r, name);
            return [r, name, s.rentOverBound, s.costOverBound, s.slotsWithin];
          }),
        ),
      },
    ],
    figures: [
      {
        name: 'looseness',
        caption: 'VM rent over the fluid bound against R μ, the target in mean service times',
        svg: lineChart({
          title: 'Rent against the looseness of the promise',
          xLabel: 'R μ (target / mean service time)',
          yLabel: 'VM rent / fluid bound',
          xRange: [1, 10],
          series: [
            ...NAMES.map((name) => ({
              name,
              style: 'markers' as const,
              points: LOOSENESS.map((r) => ({ x: r, y: score(r, name).rentOverBound })),
            })),
            {
              name: 'fluid bound',
              style: 'dashed' as const,
              points: [
                { x: 1, y: 1 },
                { x: 10, y: 1 },
              ],
            },
          ],
        }),
      },
    ],
    notes: [],
  };
}

function scenario(targetS: number, seed: number): Scenario {
  const peak = 44;
  return {
    slots: bohmerDay(peak, SLOT_S).map((arrivalRatePerS) => ({ arrivalRatePerS })),
    slotS: SLOT_S,
    history: noisyHistory(peak, SLOT_S, HISTORY_NOISE, seed),
    offers: [
      { id: 'A', serviceRatePerS: 1, cores: 1, sharingLimit: 64, priceUsdPerHour: 0.06, networkS: 0, max: 1000 },
    ],
    sla: { indicator: 'mean', targetS },
    bootS: 40,
    billing: 'per-second',
    controlPlaneUsdPerMillion: CONTROL_PLANE_USD_PER_MILLION,
    warmupS: 1800,
    replications: 1,
    seed,
  };
}
