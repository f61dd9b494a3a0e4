import { describe, expect, it } from 'vitest';
import { backEndDescriptor } from '../../../lib/app/operate/descriptor.ts';
import { sampleHeartbeat, sampleVm } from '../../support/samples.ts';
import { createTestRegion, sampleApp } from '../../support/test-region.ts';

const java: { runtime: 'art'; java: { implementations: string[]; classes: string[] } } = {
  runtime: 'art',
  java: { implementations: ['a.B'], classes: [] },
};
const group = { runtimes: ['node', 'jvm', 'art'] };

describe('an app whose runtime is missing', () => {
  it('is refused at once with the reason, before it counts as demand', async () => {
    const missingRuntime = () => ({ detail: 'no Java on this machine: install one', retryAfterMs: 60_000 });
    const region = await createTestRegion({ app: java, group, missingRuntime });
    await region.addVm();
    const refused = await region.call('POST', '/v1/placements', { json: { appId: 'demo' } });
    expect(refused).toMatchObject({
      status: 503,
      body: { title: 'No capacity', detail: 'no Java on this machine: install one', retryAfterMs: 60_000 },
    });
    const device = await region.call('POST', '/v1/placements', { json: { appId: 'demo', localEstimateMs: 50 } });
    expect(device.body).toMatchObject({ decision: 'local', reason: 'no-capacity' });
    await region.control.flush();
    expect(await region.memory.listArrivals('r1.small.default', 0, region.now())).toEqual([]);
  });

  it('is sent to the VMs that have it; where none does, nobody waits for a VM', async () => {
    const region = await createTestRegion({ app: java, group });
    await region.addVm({ vmId: 'vm-1' }, { runtimes: { node: 'Node.js', jvm: null, art: null } });
    const none = await region.call('POST', '/v1/placements', { json: { appId: 'demo' } });
    expect(none).toMatchObject({ status: 503, body: { retryAfterMs: 3_600_000 } });
    expect(none.body.detail).toMatch(/none of the 1 VMs .* "art"/);
    const mixed = await createTestRegion({ app: java, group });
    await mixed.addVm({ vmId: 'vm-1' }, { runtimes: { node: 'Node.js', jvm: null, art: null } });
    await mixed.addVm({ vmId: 'vm-2' }, { runtimes: { node: 'Node.js', jvm: 'Java 17', art: 'dalvikvm64' } });
    // An older agent, which does not say.
    await mixed.addVm({ vmId: 'vm-3' });
    const placed = await mixed.call('POST', '/v1/placements', { json: { appId: 'demo' } });
    const vms = (placed.body.candidates as { vmId: string }[]).map((candidate) => candidate.vmId);
    expect(vms.sort()).toEqual(['vm-2', 'vm-3']);
  });
});

describe('the back-end descriptor', () => {
  it('lists every instance of an app: ports per host, with their location, of the VMs that run it', () => {
    const app = sampleApp({ id: 'chess-art', ...java });
    const on = (vmId: string, port: number, art: string | null, host = '10.0.0.1') =>
      [
        vmId,
        sampleHeartbeat({ vmId, url: `https://${host}:${port}`, runtimes: { node: 'Node.js', jvm: null, art } }),
      ] as const;
    const beats = new Map([
      on('vm-1', 6003, 'dalvikvm64'),
      on('vm-2', 6001, 'dalvikvm64'),
      on('vm-3', 6002, null),
      on('vm-4', 6001, 'dalvikvm64', '10.0.0.2'),
    ]);
    const vms = [...beats.keys()].map((vmId) =>
      sampleVm({ vmId, dataCentre: vmId === 'vm-4' ? 'eu-north-1' : 'eu-central-1' }),
    );
    expect(backEndDescriptor('r1', [app], () => 'small', vms, beats)).toEqual({
      'chess-art': {
        '10.0.0.1': { ports: [6001, 6003], location: 'eu-central-1' },
        '10.0.0.2': { ports: [6001], location: 'eu-north-1' },
      },
    });
  });
});
