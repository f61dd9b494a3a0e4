import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTask, TestRegion } from '../../support/agent-region.ts';

describe("a VM's sandboxes are held to its cores", () => {
  let region: TestRegion;
  let digest: string;
  beforeAll(async () => {
    region = await TestRegion.start();
    digest = await region.addApp(fileURLToPath(new URL('../../../apps/spin', import.meta.url)));
  });
  afterAll(() => region.close());

  it.each(['auto', 'signals'])('by the mechanism %s: one task to a core, all together to the VM', async (hold) => {
    const agent = await region.startAgent({
      OAAS_ISOLATION: 'process',
      OAAS_CPU_HOLD: hold,
      OAAS_CORES: '2',
      OAAS_CORE_SPEED: '0.25',
      OAAS_PREWARM: digest,
    });
    const ticket = region.ticket([agent], digest);
    await runTask(agent, ticket, 'noop', []);
    const shareOf = async (tasks: number, cpuMs: number) => {
      const before = performance.now();
      const answers = await Promise.all(Array.from({ length: tasks }, () => runTask(agent, ticket, 'burn', [cpuMs])));
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
      const usedMs = answers.reduce((sum, answer) => sum + answer.body.timings.cpuMs, 0);
      return usedMs / (performance.now() - before);
    };
    // One period's worth of quota may be used ahead of time; nothing bounds the shares from below on a busy machine.
    expect(await shareOf(1, 150)).toBeLessThan(0.25 * 1.15);
    expect(await shareOf(4, 100)).toBeLessThan(0.5 * 1.15);
    await agent.stop();
  });
});
