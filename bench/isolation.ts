/**
 * What shutting tasks in costs and what it keeps from the others: sandboxes refilled per second and core, and a neighbour's response times
 * while another app attacks, without and with the attack in windows by turns.
 */
import { fileURLToPath } from 'node:url';
import { findProgram } from '../surrogate/isolation/choose.ts';
import { type RunningAgent, runTask, TestRegion } from '../test/support/agent-region.ts';
import {
  attacks,
  describeRounds,
  fourPlaces,
  neighbourRounds,
  p99Ratio,
  type Round,
  standAside,
} from '../test/support/neighbours.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../test/faults/fixtures/${name}`, import.meta.url));

export const bench: Bench = async (options) => {
  if (findProgram('bwrap') === null) throw new Error('bubblewrap (bwrap) is not installed: apt install bubblewrap');
  const region = await TestRegion.start();
  try {
    const apps = {
      attacker: await region.addApp(fixture('attacker')),
      neighbour: await region.addApp(fixture('neighbour')),
    };
    const rows: BenchRow[] = [];
    for (const isolation of ['process', 'bubblewrap']) {
      options.onProgress?.(`${isolation}: refill`);
      rows.push(await refill(region, apps.neighbour, isolation, options));
    }
    rows.push(...(await neighbours(region, apps, options)));
    return rows;
  } finally {
    await region.close();
  }
};

/** One core, empty tasks back to back from more clients than sandboxes: what limits them is how fast new ones are made. */
async function refill(region: TestRegion, app: string, isolation: string, { quick }: BenchOptions): Promise<BenchRow> {
  const agent = await region.startAgent({
    OAAS_ISOLATION: isolation,
    OAAS_CORES: '1',
    OAAS_SHARING_LIMIT: '4',
    OAAS_QUEUE_LIMIT: '100',
    OAAS_PREWARM: app,
  });
  const ticket = region.ticket([agent], app);
  const forMs = quick ? 1_000 : 10_000;
  let done = 0;
  let counting = false;
  const untilMs = performance.now() + 1_000 + forMs;
  setTimeout(() => {
    counting = true;
  }, 1_000);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() < untilMs) {
        const answer = await runTask(agent, ticket, 'work', [0]);
        if (answer.status !== 200) throw new Error(`the agent answered ${answer.status}: ${answer.body.detail}`);
        if (counting) done += 1;
      }
    }),
  );
  await agent.stop();
  return {
    name: `${isolation}: sandboxes made, used and taken apart per second on one core`,
    value: done / (forMs / 1000),
    unit: '/s',
    note: `held to one core by ${agent.ready.cpuHold}; the agent and the client are not held and use other cores`,
  };
}

async function neighbours(
  region: TestRegion,
  apps: { attacker: string; neighbour: string },
  { quick, onProgress }: BenchOptions,
): Promise<BenchRow[]> {
  const prewarm = Object.values(apps).join();
  const agent: RunningAgent = await region.startAgent({
    OAAS_ISOLATION: 'bubblewrap',
    OAAS_PREWARM: prewarm,
    ...fourPlaces,
  });
  standAside();
  const rows: BenchRow[] = [];
  const all: Round[] = [];
  for (const attack of quick ? attacks.slice(0, 2) : attacks) {
    onProgress?.(`a neighbour beside ${attack}`);
    const rounds = await neighbourRounds(region, agent, apps, attack, quick ? 1 : 36);
    all.push(...rounds);
    rows.push({
      name: `neighbour beside ${attack}: p99 with / without`,
      value: p99Ratio(rounds),
      unit: 'x',
      bar: { atMost: 2 },
      note: describeRounds(rounds),
    });
  }
  await agent.stop();
  const overrunMs = all.flatMap((round) => round.overrunMs);
  rows.push(
    {
      name: 'neighbour beside any of them: p99 with / without',
      value: p99Ratio(all),
      unit: 'x',
      bar: { atMost: 2 },
      note: `${describeRounds(all)}; windows of 1 s by turns, cores at a fifth of this machine's`,
    },
    {
      name: 'attack answered after its deadline, longest',
      value: Math.max(...overrunMs),
      unit: 'ms',
      bar: { atMost: 1_000 },
      note: `${overrunMs.length} attacks with a deadline of 1 s each`,
    },
  );
  return rows;
}
