/** The live halves of the IoT paper's Figures 4c and 5: bursts on each type of machine, and one to seven servers. */
import type { ExperimentContext, Table } from './experiment.ts';
import { type LabType, mean, type OpenLab, recorded, scaled } from './live-lab.ts';

const task = { appId: 'fibonacci', method: 'recursive', args: [26] } as const;
export const labTypes: readonly LabType[] = [
  { id: 'lab.small', cores: 1, coreSpeed: 0.25 },
  { id: 'lab.medium', cores: 1, coreSpeed: 0.5 },
  { id: 'lab.large', cores: 2, coreSpeed: 0.4 },
];
const users = [1, 2, 5, 10, 15];
const servers = [1, 2, 3, 4, 5, 6, 7];
/** Who keep the servers of Figure 5 busy: each sends again when it has its answer. */
const closedUsers = 8;
/** Seven of these fit into one core. */
const small: LabType = { id: 'lab.tenth', cores: 1, coreSpeed: 0.12 };

/** So many users who all send at the same moment, on one machine of each type. */
export async function burstsLive(
  open: OpenLab,
  context: ExperimentContext,
): Promise<{ table: Table; at: (type: string, users: number) => number }> {
  const rounds = context.quick ? 1 : scaled(12, context, 2);
  const rows: (string | number)[][] = [];
  for (const type of labTypes) {
    const lab = await open(type);
    try {
      await lab.scaleTo(1);
      await lab.run(task);
      for (const n of context.quick ? users.slice(0, 2) : users) {
        const times: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const answers = await Promise.all(Array.from({ length: n }, () => lab.run(task)));
          times.push(...answers.map((a) => a.totalMs));
          context.onProgress(`${type.id}, ${n} users`);
        }
        rows.push([type.id, type.cores, type.coreSpeed, n, mean(times), Math.max(...times)]);
      }
    } finally {
      await lab.close();
    }
  }
  const header = ['type', 'cores', 'coreSpeed', 'users', 'meanResponseMs', 'maxResponseMs'];
  return {
    table: recorded('figure-4c', 'iot-figure-4c', context, { header, rows }),
    at: (type, n) => Number(rows.find((r) => r[0] === type && r[3] === n)?.[4] ?? Number.NaN),
  };
}

/** Throughput and response with 1 to 7 servers under the same users. */
export async function scaleOutLive(
  open: OpenLab,
  context: ExperimentContext,
): Promise<{ table: Table; rows: number[][] }> {
  const windowMs = context.quick ? 300 : Math.max(1_500, 12_000 / Math.sqrt(Math.max(1, context.speed)));
  const rows: number[][] = [];
  const lab = await open(small);
  try {
    for (const n of context.quick ? servers.slice(0, 2) : servers) {
      await lab.scaleTo(n);
      const times: number[] = [];
      const startMs = performance.now();
      await Promise.all(
        Array.from({ length: closedUsers }, async () => {
          while (performance.now() - startMs < windowMs) times.push((await lab.run(task)).totalMs);
        }),
      );
      const elapsedS = (performance.now() - startMs) / 1_000;
      rows.push([n, times.length / elapsedS, mean(times), times.length]);
      context.onProgress(`${n} servers`);
    }
  } finally {
    await lab.close();
  }
  const header = ['servers', 'servedPerS', 'meanResponseMs', 'requests'];
  return { table: recorded('figure-5', 'iot-figure-5', context, { header, rows }), rows };
}
