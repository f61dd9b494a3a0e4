import { simulatePool } from '../simulator/engine/simulate-pool.ts';
import type { Experiment } from './experiment.ts';
import { INSTANCE_TYPES, type InstanceType, REFERENCE_CORE_SCORE } from './instance-types.ts';
import { burstsLive, labTypes } from './iot-live.ts';
import type { OpenLab } from './live-lab.ts';
import { measureMinimaxS } from './minimax.ts';
import { lineChart } from './svg.ts';

const USERS = [1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];
const ROUNDS = 40;

/** Figure 4c of the IoT paper: so many users at once on one server. */
export const iotFigure4c = (open: OpenLab): Experiment => ({
  name: 'iot-figure-4c',
  title: 'IoT paper, Figure 4c: response time against concurrent users per instance type',
  source:
    "Flores et al. 2017, Figure 4c: all users send at the same moment. Live on three types of local machines, and by simulation on the paper's types.",
  async run(context) {
    const { seed, quick } = context;
    const live = await burstsLive(open, context);
    const most = quick ? 2 : 15;
    const measuredS = measureMinimaxS(quick ? 5 : 21);
    const types = INSTANCE_TYPES.filter((t) => t.name !== 't2.micro');
    const rows: (string | number)[][] = [];
    const series = types.map((type) => ({
      name: type.name,
      style: 'markers' as const,
      points: USERS.map((users) => {
        const taskS = (measuredS * REFERENCE_CORE_SCORE) / type.coreScore;
        const y = burstResponseS(type, taskS, users, seed);
        rows.push([type.name, type.cores, users, y]);
        return { x: users, y };
      }),
    }));
    const at = (name: string, users: number) => Number(rows.find((r) => r[0] === name && r[2] === users)![3]);
    const slope = (name: string) => at(name, 100) / at(name, 1);
    return {
      claims: [
        {
          claim: 'response time grows with the number of concurrent users, and larger types carry more of them',
          ours: `100 users take ${slope('t2.nano').toFixed(0)} times as long as one on t2.nano, ${slope('m4.10xlarge').toFixed(1)} times on m4.10xlarge`,
          holds: slope('t2.nano') > 20 && slope('m4.10xlarge') < 5,
        },
        {
          claim: '(ours) up to as many users as cores nobody waits: limited processor sharing with c cores',
          ours: `40 users on m4.10xlarge: ${(at('m4.10xlarge', 40) / at('m4.10xlarge', 1)).toFixed(2)} times the time of one`,
          holds: Math.abs(at('m4.10xlarge', 40) / at('m4.10xlarge', 1) - 1) < 0.02,
        },
        {
          claim: '(live) the same on real machines: more users take longer, a larger type carries them sooner',
          ours: labTypes
            .map(
              ({ id }) =>
                `${id}: ${live.at(id, 1).toFixed(0)} ms alone, ${live.at(id, most).toFixed(0)} ms with ${most}`,
            )
            .join('; '),
          holds:
            labTypes.every(({ id }) => live.at(id, most) > live.at(id, 1)) &&
            live.at('lab.large', most) < live.at('lab.small', most),
        },
      ],
      shown: [live.table.name],
      tables: [live.table, { name: 'figure-4c', header: ['type', 'cores', 'users', 'meanResponseS'], rows }],
      figures: [
        {
          name: 'live-4c',
          caption: 'Measured on the local system: mean response time of users who all send at once',
          svg: lineChart({
            title: 'Response time against concurrent users, live',
            xLabel: 'concurrent users',
            yLabel: 'mean response time, ms',
            series: labTypes.map(({ id, cores, coreSpeed }) => ({
              name: `${id} (${cores} x ${coreSpeed} core)`,
              style: 'markers' as const,
              points: live.table.rows.filter((r) => r[0] === id).map((r) => ({ x: Number(r[3]), y: Number(r[4]) })),
            })),
          }),
        },
        {
          name: 'figure-4c',
          caption: 'Mean response time of users who all send one minimax task at once',
          svg: lineChart({
            title: 'Response time against concurrent users',
            xLabel: 'concurrent users',
            yLabel: 'mean response time, s',
            series,
            xRange: [0, 100],
          }),
        },
      ],
      notes: [
        'Each point is a burst of tasks of equal work on an idle server, repeated; CPU credits last. Task time as in Figure 3c.',
      ],
    };
  },
});

/** Bursts far enough apart that the server is idle again. */
function burstResponseS(type: InstanceType, taskS: number, users: number, seed: number): number {
  const gapS = 2 * users * taskS;
  const timesS = Array.from({ length: (ROUNDS + 2) * users }, (_, i) => (1 + Math.floor(i / users)) * gapS);
  return simulatePool({
    pool: [{ serviceRatePerS: type.cores / taskS, cores: type.cores, sharingLimit: 1000, count: 1, networkS: 0 }],
    arrivalRatePerS: users / gapS,
    arrivals: { process: 'times', timesS },
    dispatch: { policy: 'round-robin' },
    demand: { distribution: 'deterministic' },
    warmup: users,
    requests: ROUNDS * users,
    replications: 1,
    seed,
  }).responseTimeS.mean;
}
