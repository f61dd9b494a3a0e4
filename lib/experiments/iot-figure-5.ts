import type { SimulatedPolicy } from '../simulator/engine/policies/policy.ts';
import { simulatePool } from '../simulator/engine/simulate-pool.ts';
import type { Experiment } from './experiment.ts';
import { INSTANCE_TYPES, REFERENCE_CORE_SCORE } from './instance-types.ts';
import { scaleOutLive } from './iot-live.ts';
import type { OpenLab } from './live-lab.ts';
import { measureMinimaxS } from './minimax.ts';
import { ms } from './oaas-figure-3.ts';
import { lineChart } from './svg.ts';

const SERVERS = [1, 2, 3, 4, 5, 6, 7];
const UTILIZATIONS = [0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95];
const DISPATCH: { name: string; dispatch: SimulatedPolicy }[] = [
  { name: 'round robin (the paper)', dispatch: { policy: 'round-robin' } },
  { name: 'JSQ', dispatch: { policy: 'jsq' } },
];

/** Figure 5 of the IoT paper: scaling out from 1 to 7 servers. */
export const iotFigure5 = (open: OpenLab): Experiment => ({
  name: 'iot-figure-5',
  title: 'IoT paper, Figure 5: scaling out from 1 to 7 servers',
  source:
    "Flores et al. 2017, Figure 5: t2.nano servers behind one front-end. Live on the local system, and by simulation on the paper's type.",
  async run(context) {
    const { seed, quick } = context;
    const live = await scaleOutLive(open, context);
    const [one, all] = [live.rows[0]!, live.rows.at(-1)!];
    const gain = all[1]! / one[1]!;
    const core = INSTANCE_TYPES[0]!;
    const taskS = (measureMinimaxS(quick ? 5 : 21) * REFERENCE_CORE_SCORE) / core.coreScore;
    const rows: (string | number)[][] = [];
    const meanS = (servers: number, load: number, dispatch: SimulatedPolicy) =>
      simulatePool({
        pool: [{ serviceRatePerS: 1 / taskS, cores: 1, sharingLimit: 16, count: servers, networkS: 0 }],
        arrivalRatePerS: load / taskS,
        dispatch,
        demand: { distribution: 'lognormal', scv: 0.25 },
        requests: quick ? 2_000 : 20_000,
        replications: 3,
        seed,
      }).responseTimeS.mean;
    const curves = SERVERS.map((servers) => ({
      name: `${servers} server${servers > 1 ? 's' : ''}`,
      style: 'markers' as const,
      points: UTILIZATIONS.map((utilization) => {
        const load = Number((utilization * servers).toFixed(2));
        const [roundRobin, jsq] = DISPATCH.map(({ dispatch }) => meanS(servers, load, dispatch));
        rows.push([servers, load, roundRobin!, jsq!]);
        return { x: load, y: roundRobin! / taskS };
      }),
    }));
    const at = (servers: number, load: number, column: 2 | 3) =>
      Number(rows.find((r) => r[0] === servers && r[1] === load)![column]);
    const capacity = SERVERS.map((servers) =>
      Math.max(0, ...rows.filter((r) => r[0] === servers && Number(r[2]) <= 3 * taskS).map((r) => Number(r[1]))),
    );
    const growing = capacity.every((c, i) => i === 0 || c >= capacity[i - 1]!);
    return {
      claims: [
        {
          claim: 'adding servers lets the same front-end carry more load at the same response time (1 to 7)',
          ours: `load carried within three task times: ${capacity.map((c, i) => `${SERVERS[i]}: ${c}`).join(', ')} (in servers' worth of work)`,
          holds: growing && capacity[6]! >= 5,
        },
        {
          claim:
            '(ours) at the same servers and load, seeing the occupancy beats the front-end of the paper, which deals round robin',
          ours: `7 servers at 90 % utilization: ${ms(at(7, 6.3, 3))} against ${ms(at(7, 6.3, 2))}`,
          holds: at(7, 6.3, 3) < at(7, 6.3, 2),
        },
        {
          claim: '(live) the same users are served faster by more servers',
          ours: `${one[0]} server: ${one[1]!.toFixed(1)}/s at ${one[2]!.toFixed(0)} ms; ${all[0]} servers: ${all[1]!.toFixed(1)}/s at ${all[2]!.toFixed(0)} ms, ${gain.toFixed(1)} times as many`,
          holds: gain > (quick ? 1 : 2),
        },
      ],
      shown: [live.table.name],
      tables: [live.table, { name: 'figure-5', header: ['servers', 'load', 'roundRobinS', 'jsqS'], rows }],
      figures: [
        {
          name: 'live-5',
          caption: 'Measured on the local system: throughput under the same eight users with 1 to 7 servers',
          svg: lineChart({
            title: 'Scaling out, live',
            xLabel: 'servers',
            yLabel: 'requests per second',
            series: [
              { name: 'served', style: 'markers', points: live.rows.map((r) => ({ x: r[0]!, y: r[1]! })) },
              {
                name: 'one server times n',
                style: 'dashed',
                points: live.rows.map((r) => ({ x: r[0]!, y: one[1]! * r[0]! })),
              },
            ],
          }),
        },
        {
          name: 'figure-5',
          caption: 'Mean response time in task times against the load in servers, round robin',
          svg: lineChart({
            title: 'Scaling out from 1 to 7 servers',
            xLabel: "load, servers' worth of work",
            yLabel: 'mean response time / task time',
            series: curves,
            xRange: [0, 7],
            yRange: [0, 8],
          }),
        },
      ],
      notes: [
        `One task takes ${ms(taskS)} on t2.nano with credits (Figure 3c); work varies with a squared coefficient of variation of 0.25.`,
      ],
    };
  },
});
