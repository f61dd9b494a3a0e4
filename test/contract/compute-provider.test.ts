import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sweepAgents } from '../../lib/adapters/local/agent-sweep.ts';
import { createProcessProvider, type ProcessProvider } from '../../lib/adapters/local/process-provider.ts';
import { systemClock } from '../../lib/local/system-clock.ts';
import { createEc2World, ec2Offer, near } from '../support/ec2-world.ts';
import { subnetOf } from '../support/fake-ec2.ts';
import { createFakeProvider } from '../support/fake-provider.ts';
import { isAlive, until } from '../support/local-process.ts';
import { offerOf } from '../support/scaler-world.ts';
import { computeProviderContract } from './compute-provider.ts';

const plenty = offerOf('plenty', { startS: 0.5 });
const scarce = offerOf('scarce');
const agentFile = fileURLToPath(new URL('../support/stub-agent.mjs', import.meta.url));

function processProvider(workDir: string): ProcessProvider {
  return createProcessProvider({
    offers: [plenty, scarce],
    capacityOf: (offerId) => (offerId === scarce.id ? 1 : 100),
    agentFile,
    workDir,
    environment: (vmId) => ({ OAAS_VM_ID: vmId }),
    clock: systemClock,
  });
}

computeProviderContract('fake', async () => {
  const fake = createFakeProvider([plenty, scarce], () => 0);
  fake.fail(scarce.id, 'no-capacity', { room: 1 });
  return {
    provider: fake.view(() => {}),
    plenty,
    scarce: { offer: scarce, capacity: 1 },
    warm: true,
    stop: async () => {},
  };
});

computeProviderContract('fake without a warm pool', async () => {
  const { startS: _, ...cold } = plenty;
  const fake = createFakeProvider([cold, scarce], () => 0, { warm: false });
  fake.fail(scarce.id, 'no-capacity', { room: 1 });
  return {
    provider: fake.view(() => {}),
    plenty: cold,
    scarce: { offer: scarce, capacity: 1 },
    warm: false,
    stop: async () => {},
  };
});

computeProviderContract('process VMs', async () => {
  const workDir = mkdtempSync(join(tmpdir(), 'oaas-vms-'));
  const provider = processProvider(workDir);
  return {
    provider,
    plenty,
    scarce: { offer: scarce, capacity: 1 },
    warm: true,
    async stop() {
      await provider.stop();
      rmSync(workDir, { recursive: true, force: true });
    },
  };
});

computeProviderContract('EC2', async () => {
  const wide = ec2Offer('c7g.large');
  const narrow = ec2Offer('c6a.large');
  const world = await createEc2World([wide, narrow]);
  for (const [zone, room] of Object.entries({ a: 1, b: 0, c: 0 }))
    world.ec2.capacity.set(`c6a.large@${subnetOf(near, zone)}`, room);
  return {
    provider: world.provider,
    plenty: wide,
    scarce: { offer: narrow, capacity: 1 },
    warm: true,
    stop: async () => world.stop(),
  };
});

describe('process VMs', () => {
  const request = (clientToken: string) => ({
    clientToken,
    poolId: 'r1.small.default',
    epoch: 1,
    offer: plenty,
    count: 1,
    sharingLimit: 1,
    queueLimit: 1,
    exact: false,
  });
  const pidOf = async (provider: ProcessProvider, workDir: string, vmId: string): Promise<number> => {
    await until(async () => (await provider.list()).vms.some((vm) => vm.vmId === vmId && vm.state === 'running'));
    const { readFileSync } = await import('node:fs');
    return Number(readFileSync(join(workDir, vmId, 'agent.pid'), 'utf8'));
  };

  it('report an agent that ends unasked at once, and never one that was asked', async () => {
    const workDir = mkdtempSync(join(tmpdir(), 'oaas-vms-'));
    const provider = processProvider(workDir);
    const exits: string[] = [];
    provider.onExit((vmId) => exits.push(vmId));
    const [lost] = (await provider.launch(request('a'))).vmIds;
    const [asked] = (await provider.launch(request('b'))).vmIds;
    process.kill(await pidOf(provider, workDir, lost!), 'SIGKILL');
    await until(() => exits.length > 0);
    await provider.terminate([asked!]);
    await until(async () => (await provider.list()).vms.every((vm) => vm.state === 'terminated'));
    expect(exits).toEqual([lost]);
    await provider.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  it('are ended even while they are stopped, and found by the next start when they survived', async () => {
    const workDir = mkdtempSync(join(tmpdir(), 'oaas-vms-'));
    const provider = processProvider(workDir);
    const [vmId] = (await provider.launch(request('a'))).vmIds;
    const pid = await pidOf(provider, workDir, vmId!);
    process.kill(pid, 'SIGSTOP');
    expect(await sweepAgents(workDir, '/another/agent.mjs')).toBe(0);
    expect(isAlive(pid)).toBe(true);
    const again = (await provider.launch(request('b'))).vmIds[0]!;
    const stopped = await pidOf(provider, workDir, again);
    process.kill(stopped, 'SIGSTOP');
    expect(await sweepAgents(workDir, agentFile)).toBe(1);
    await until(() => !isAlive(stopped));
    expect(readdirSync(workDir)).toEqual([]);
    await provider.stop();
    expect(isAlive(pid)).toBe(false);
    rmSync(workDir, { recursive: true, force: true });
  });
});
