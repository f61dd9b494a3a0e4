import type { Experiment } from './experiment.ts';
import { INSTANCE_TYPES, REFERENCE_CORE_SCORE } from './instance-types.ts';
import { measureMinimaxS } from './minimax.ts';
import { ms } from './oaas-figure-3.ts';
import { barChart } from './svg.ts';

/** Figure 3c of the IoT paper: one minimax task per instance type. */
export const iotFigure3c: Experiment = {
  name: 'iot-figure-3c',
  title: 'IoT paper, Figure 3c: minimax per instance type',
  source: 'Flores et al. 2017, Figure 3c. Measured runs on this machine, scaled by the benchmark table.',
  async run({ quick }) {
    const measuredS = measureMinimaxS(quick ? 5 : 21);
    const rows = INSTANCE_TYPES.map((t) => {
      const burstS = (measuredS * REFERENCE_CORE_SCORE) / t.coreScore;
      return { ...t, burstS, baselineS: burstS / t.baselineShare };
    });
    const burst = rows.map((r) => r.burstS);
    const spread = Math.max(...burst) / Math.min(...burst);
    const nano = rows[0]!;
    const largest = rows.at(-1)!;
    return {
      claims: [
        {
          claim: 'the instance type accelerates a task',
          ours:
            `a task of one thread takes ${ms(largest.burstS)} to ${ms(Math.max(...burst))}: between the slowest and the fastest type a factor of ${spread.toFixed(2)} while credits last; ` +
            `without credits t2.nano takes ${(nano.baselineS / largest.baselineS).toFixed(0)} times as long as ${largest.name}`,
          holds: nano.baselineS > 2 * largest.baselineS,
        },
        {
          claim: '(ours) a larger type buys cores, not a faster core: the floor 1/μ of one core is about the same',
          ours: `${largest.cores} cores of ${largest.name} are each ${(largest.coreScore / nano.coreScore).toFixed(2)} times as fast as the one of t2.nano`,
          holds: largest.coreScore / nano.coreScore < 1.5,
        },
      ],
      tables: [
        {
          name: 'figure-3c',
          header: ['type', 'cores', 'coreScore', 'withCreditsS', 'withoutCreditsS'],
          rows: rows.map((r) => [r.name, r.cores, r.coreScore, r.burstS, r.baselineS]),
        },
      ],
      figures: [
        {
          name: 'figure-3c',
          caption: 'Time of one minimax task (tic-tac-toe, full tree) per instance type, with and without CPU credits',
          svg: barChart({
            title: 'One minimax task per instance type',
            yLabel: 'execution time, s',
            categories: rows.map((r) => r.name),
            series: [
              { name: 'with CPU credits', values: burst },
              { name: 'credits exhausted', values: rows.map((r) => r.baselineS) },
            ],
          }),
        },
      ],
      notes: [
        `One run took ${ms(measuredS)} (median) on this machine, which is taken for one core of m7i.large (PassMark single thread ${REFERENCE_CORE_SCORE}): absolute times carry that assumption, ratios between types do not.`,
        'The paper ran its types; we did not. The table holds one benchmark run per type, and it was run with credits.',
      ],
    };
  },
};
