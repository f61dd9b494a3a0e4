import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createJavaTools } from '../lib/local/java-tools.ts';
import { taskResponseSchema } from '../lib/ports/contracts/wire.ts';
import { buildJavaApps } from '../scripts/build-java-apps.ts';
import { findJava } from '../surrogate/runtimes/jvm/java-home.ts';
import { type RunningAgent, runTask, type TestRegion } from '../test/support/agent-region.ts';
import type { BenchOptions, BenchRow } from './row.ts';

const pauseMs = 400;
const waiting = 4;

/** A call of next to nothing in a prespawned JVM, beside a JVM that is started for it; no rows on a machine without a JDK and Maven. */
export async function jvmRows(
  region: TestRegion,
  isolation: string,
  measure: {
    quantile: (values: readonly number[], share: number) => number;
    waitingSandboxMiB: (agent: RunningAgent) => Promise<{ sandboxMiB: number }>;
  },
  { quick, onProgress }: BenchOptions,
): Promise<BenchRow[]> {
  const tools = await createJavaTools();
  const problem = await tools.ensure();
  const java = findJava();
  if (problem !== null || typeof java === 'string') {
    onProgress?.(`jvm: left out, ${problem ?? java}`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'oaas-bench-jvm-'));
  try {
    const apps = await buildJavaApps(join(folder, 'apps'));
    const digest = await region.addApp(apps.get('fibonacci-jvm') ?? '');
    const agent = await region.startAgent({
      OAAS_ISOLATION: isolation,
      OAAS_CPU_HOLD: 'off',
      OAAS_PREWARM: digest,
      OAAS_SHARING_LIMIT: String(waiting),
      OAAS_WAITING: String(waiting),
      ...tools.environment,
    });
    const ticket = region.ticket([agent], digest);
    const calls = quick ? 10 : 100;
    const warm: number[] = [];
    const inside: number[] = [];
    const preparation: number[] = [];
    const cold: number[] = [];
    onProgress?.(`jvm, ${isolation}: ${calls} calls, prespawned and cold in turn`);
    for (let i = 0; i < calls + 3; i++) {
      await sleep(pauseMs);
      const begin = performance.now();
      const answer = await runTask(agent, ticket, 'recursive', [1]);
      const elapsedMs = performance.now() - begin;
      if (answer.status !== 200) throw new Error(`the agent answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      const { timings } = taskResponseSchema.parse(answer.body);
      const coldBegin = performance.now();
      // Without arguments the runner makes one call of its own and ends.
      spawnSync(java.executable, ['-cp', join(tools.dir, 'runner.jar'), 'dev.oaas.surrogate.Runner']);
      if (i < 3) continue;
      cold.push(performance.now() - coldBegin);
      warm.push(elapsedMs);
      inside.push(timings.totalMs);
      preparation.push(timings.prepCpuMs);
    }
    const memory = await measure.waitingSandboxMiB(agent);
    await agent.stop();
    const { quantile } = measure;
    return [
      {
        name: `jvm, ${isolation}: request to reply of a call of next to nothing, p50`,
        value: quantile(warm, 0.5),
        unit: 'ms',
        note: `prespawned, after a pause of ${pauseMs} ms; p90 ${quantile(warm, 0.9).toFixed(1)} ms; within the surrogate p50 ${quantile(inside, 0.5).toFixed(2)} ms; ${calls} calls`,
      },
      {
        name: `jvm, ${isolation}: a cold \`java\` that makes one call / that`,
        value: quantile(cold, 0.5) / quantile(warm, 0.5),
        unit: 'x',
        note: `cold p50 ${quantile(cold, 0.5).toFixed(0)} ms, interleaved`,
      },
      {
        name: `jvm, ${isolation}: CPU to prepare one JVM, p50`,
        value: quantile(preparation, 0.5),
        unit: 'ms',
        note: 'from the archive of classes, the app loaded and a call rehearsed; the refill ceiling of a core is its inverse',
      },
      {
        name: `jvm, ${isolation}: memory of one waiting sandbox (proportional set)`,
        value: memory.sandboxMiB / waiting,
        unit: 'MiB',
        note: `${waiting} waiting, heap limit 96 MiB`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
