/**
 * The surrogate alone: what it takes to start a task in a prepared sandbox, what a session ticket costs, what a waiting sandbox keeps.
 * One client, TLS and a kept-alive connection, one request at a time. Starts are measured twice: a few in a row, each with a waiting
 * sandbox at hand, and one at a time after a pause, in which the CPUs fall asleep and other work takes their caches.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { taskResponseSchema } from '../lib/ports/contracts/wire.ts';
import { findProgram } from '../surrogate/isolation/choose.ts';
import { type RunningAgent, TestRegion } from '../test/support/agent-region.ts';
import { burstRows } from './agent-burst.ts';
import { jvmRows } from './agent-jvm.ts';
import { startBarePeer } from './agent-peer/peer.ts';
import { LeanClient } from './lean-client.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';

const pauseMs = 60;
/** Sandboxes that wait, requests sent in a row (less than half of them: no refill begins meanwhile), time to refill and to settle. */
const waiting = 40;
const inARow = 18;
const refillMs = 3_000;
const warmUps = 500;
/** Tasks before the measured ones: a surrogate serves for hours, and V8 compiles what is called often. With pauses that the refill keeps up with. */
const tasksBefore = { all: 1_000, quick: 20, pauseMs: 30 };

export const bench: Bench = async (options) => {
  const region = await TestRegion.start();
  try {
    const digest = await region.addApp(fileURLToPath(new URL('../apps/spin', import.meta.url)));
    const cold = coldNodeMs(options.quick ? 5 : 25);
    const rows: BenchRow[] = [];
    for (const isolation of findProgram('bwrap') === null ? ['process'] : ['process', 'bubblewrap']) {
      rows.push(...(await oneIsolation(region, digest, isolation, cold, options)));
    }
    const strongest = findProgram('bwrap') === null ? 'process' : 'bubblewrap';
    rows.push(...(await jvmRows(region, strongest, { quantile, waitingSandboxMiB }, options)));
    rows.push(...(await burstRows(region, digest, quantile, options)));
    return rows;
  } finally {
    await region.close();
  }
};

async function oneIsolation(
  region: TestRegion,
  digest: string,
  isolation: string,
  coldMs: number,
  { quick, onProgress }: BenchOptions,
): Promise<BenchRow[]> {
  const agent = await region.startAgent({
    OAAS_ISOLATION: isolation,
    OAAS_OPEN: '1',
    OAAS_CPU_HOLD: 'off',
    OAAS_PREWARM: digest,
    OAAS_SHARING_LIMIT: String(waiting),
    OAAS_WAITING: String(waiting),
  });
  const pairs = quick ? 20 : 100;
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const ticket = region.ticket([agent], digest, { threshold: 1_000, exp });
  const body = (method = 'noop') =>
    `{"requestId":"${crypto.randomUUID()}","method":"${method}","args":{"type":"application/json","json":[]}}`;
  const client = await LeanClient.open(agent.ready);
  const head = (line: string) => `POST /v1/tasks HTTP/1.1\r\nhost: vm\r\ncontent-type: application/json\r\n${line}\r\n`;
  const withTicket = () => timed(client, head(`authorization: Bearer ${ticket}`), body());
  const without = () => timed(client, head(`oaas-app: ${digest}`), body());
  onProgress?.(`${isolation}: ${inARow} in a row, just started`);
  const fresh: number[] = [];
  // A connection that shows no ticket for some seconds is closed.
  await client.post(head(`authorization: Bearer ${ticket}`), body('absent'));
  for (let i = 0; i < 2; i++) {
    await sleep(refillMs);
    for (let j = 0; j < inARow; j++) fresh.push((await withTicket()).elapsedMs);
  }
  const before = quick ? tasksBefore.quick : tasksBefore.all;
  onProgress?.(`${isolation}: ${before} tasks before the measured ones`);
  // Also requests that the agent refuses before it runs anything (no such method).
  for (let i = 0; i < warmUps; i++) await client.post(head(`authorization: Bearer ${ticket}`), body('absent'));
  for (let i = 0; i < before; i++) {
    await (i % 2 === 0 ? withTicket() : without());
    await sleep(tasksBefore.pauseMs);
  }
  onProgress?.(`${isolation}: ${pairs} pairs of empty tasks`);
  const ticketed: number[] = [];
  const open: number[] = [];
  const inside: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // Which of a pair goes first alternates, so that neither always finds the warmer machine.
    const order = i % 2 === 0 ? [withTicket, without] : [without, withTicket];
    for (const arm of order) {
      await sleep(pauseMs);
      const { elapsedMs, insideMs } = await arm();
      (arm === withTicket ? ticketed : open).push(elapsedMs);
      if (arm === withTicket) inside.push(insideMs);
    }
  }
  onProgress?.(`${isolation}: ${inARow} in a row`);
  const row: number[] = [];
  const rowInside: number[] = [];
  const bare: number[] = [];
  const peer = await startBarePeer();
  const atPeer = async () => {
    const start = performance.now();
    await peer.client.post(head(`authorization: Bearer ${ticket}`), body());
    return performance.now() - start;
  };
  for (let i = 0; i < warmUps; i++) await atPeer();
  for (let i = 0; i < (quick ? 2 : 8); i++) {
    await sleep(refillMs);
    for (let j = 0; j < inARow; j++) {
      const { elapsedMs, insideMs } = await withTicket();
      row.push(elapsedMs);
      rowInside.push(insideMs);
    }
    // Not while the sandboxes that were used are being replaced.
    await sleep(refillMs);
    for (let j = 0; j < inARow; j++) bare.push(await atPeer());
  }
  peer.stop();
  const memory = await waitingSandboxMiB(agent);
  client.close();
  await agent.stop();
  return [
    {
      name: `${isolation}: request to reply of an empty task, p50`,
      value: quantile(row, 0.5),
      unit: 'ms',
      bar: { atMost: 0.8 },
      note: `${inARow} in a row with ${waiting} sandboxes waiting, the first of each after ${refillMs / 1000} s; p90 ${quantile(row, 0.9).toFixed(2)} ms, p99 ${quantile(row, 0.99).toFixed(2)} ms, ${row.length} requests; within the surrogate p50 ${quantile(rowInside, 0.5).toFixed(2)} ms; ${before} tasks served before, without these p50 ${quantile(fresh, 0.5).toFixed(2)} ms of ${fresh.length}`,
    },
    {
      name: `${isolation}: an empty task in a row / the least on this machine, p50`,
      value: quantile(row, 0.5) / quantile(bare, 0.5),
      unit: 'x',
      note: `a bare TLS server that passes the body to a waiting process (used again and again, so warm) and back, nothing else: p50 ${quantile(bare, 0.5).toFixed(2)} ms, p90 ${quantile(bare, 0.9).toFixed(2)} ms, by turns in this run`,
    },
    {
      name: `${isolation}: the same, each after a pause of ${pauseMs} ms, p50`,
      value: quantile(ticketed, 0.5),
      unit: 'ms',
      note: `p90 ${quantile(ticketed, 0.9).toFixed(2)} ms, p99 ${quantile(ticketed, 0.99).toFixed(2)} ms, ${pairs} requests`,
    },
    {
      name: `${isolation}: of the latter, within the surrogate (arrival to result), p50`,
      value: quantile(inside, 0.5),
      unit: 'ms',
      note: "the agent's own clock; the rest is TLS, the loopback and two processes that must wake up after the pause",
    },
    {
      name: `${isolation}: cold \`node -e 0\` / an empty task in a row`,
      value: coldMs / quantile(row, 0.5),
      unit: 'x',
      note: `cold start p50 ${coldMs.toFixed(1)} ms in the same run`,
    },
    {
      name: `${isolation}: session ticket over no ticket, p50`,
      value: quantile(ticketed, 0.5) - quantile(open, 0.5),
      unit: 'ms',
      bar: { atMost: 0.15 },
      note: `without ticket p50 ${quantile(open, 0.5).toFixed(2)} ms, interleaved`,
    },
    {
      name: `${isolation}: memory of one waiting sandbox (proportional set)`,
      value: memory.sandboxMiB / waiting,
      unit: 'MiB',
      note: `the agent itself ${memory.agentMiB.toFixed(0)} MiB`,
    },
  ];
}

async function timed(client: LeanClient, head: string, body: string): Promise<{ elapsedMs: number; insideMs: number }> {
  const start = performance.now();
  const answer = await client.post(head, body);
  const elapsed = performance.now() - start;
  if (answer.status !== 200) throw new Error(`the agent answered ${answer.status}: ${answer.body}`);
  return { elapsedMs: elapsed, insideMs: taskResponseSchema.parse(JSON.parse(answer.body)).timings.totalMs };
}

function coldNodeMs(runs: number): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - start;
  });
  return quantile(times, 0.5);
}

/** Proportional set sizes: pages shared with other processes count in parts. */
async function waitingSandboxMiB(agent: RunningAgent): Promise<{ sandboxMiB: number; agentMiB: number }> {
  await sleep(6_000);
  const pid = agent.process.pid ?? 0;
  const below = descendants(pid);
  const pss = (of: number) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${of}/smaps_rollup`, 'latin1'))?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  };
  return { sandboxMiB: below.reduce((sum, of) => sum + pss(of), 0), agentMiB: pss(pid) };
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
