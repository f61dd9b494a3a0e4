import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningAgent, runTask, type TestRegion } from '../test/support/agent-region.ts';
import type { BenchOptions, BenchRow } from './row.ts';

const taskCpuMs = 50;
const sharingLimit = 2;
const queueLimit = 4;

/**
 * Ten times what the agent can do, open loop: what it refuses must be refused at once and cost no memory, what it
 * accepts must still be answered.
 */
export async function burstRows(
  region: TestRegion,
  digest: string,
  quantile: (values: readonly number[], share: number) => number,
  { quick, onProgress }: BenchOptions,
): Promise<BenchRow[]> {
  const agent = await region.startAgent({
    OAAS_ISOLATION: 'process',
    OAAS_CORES: '1',
    OAAS_SHARING_LIMIT: String(sharingLimit),
    OAAS_QUEUE_LIMIT: String(queueLimit),
    OAAS_PREWARM: digest,
  });
  const ticket = region.ticket([agent], digest);
  for (let i = 0; i < 5; i++) await runTask(agent, ticket, 'burn', [taskCpuMs]);
  const ratePerS = (10 * 1000) / (taskCpuMs + 35);
  const count = Math.round(ratePerS * (quick ? 3 : 20));
  onProgress?.(`burst: ${count} tasks at ${ratePerS.toFixed(0)}/s`);
  const memoryBefore = residentMiB(agent);
  const refusedMs: number[] = [];
  const acceptedMs: number[] = [];
  let other = 0;
  const started = performance.now();
  const pending: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, started + (i / ratePerS) * 1000 - performance.now()));
    const sentAt = performance.now();
    const one = runTask(agent, ticket, 'burn', [taskCpuMs]).then((answer) => {
      const elapsed = performance.now() - sentAt;
      if (answer.status === 200) acceptedMs.push(elapsed);
      else if (answer.status === 429 && answer.headers['retry-after'] !== undefined) refusedMs.push(elapsed);
      else other += 1;
    });
    pending.push(one);
  }
  await Promise.all(pending);
  const grownMiB = residentMiB(agent) - memoryBefore;
  await agent.stop();
  const bound = ((sharingLimit + queueLimit) * (taskCpuMs + 35)).toFixed(0);
  return [
    {
      name: '10x burst: refusal with Retry-After, p99',
      value: quantile(refusedMs, 0.99),
      unit: 'ms',
      bar: { atMost: 50 },
      note: `${refusedMs.length} refused, ${acceptedMs.length} accepted with p99 ${quantile(acceptedMs, 0.99).toFixed(0)} ms (work of all places ${bound} ms), ${other} otherwise`,
    },
    { name: "10x burst: growth of the agent's memory", value: grownMiB, unit: 'MiB', bar: { atMost: 32 } },
  ];
}

function residentMiB(agent: RunningAgent): number {
  const status = readFileSync(`/proc/${agent.process.pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
