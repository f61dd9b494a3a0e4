/** What a caller may get wrong: each ends in a message with the value and the fix, and never in an unhandled rejection. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { paths } from '../../../lib/ports/contracts/wire.ts';
import type { CallOptions, OaasOptions, OffloadOptions } from '../../../sdk/typescript/src/api.ts';
import { OaaS, registerApp } from '../../../sdk/typescript/src/index.node.ts';
import { deviceKey, type FakeAgent, type FakeRegion, fakeAgent, fakeRegion } from '../../support/fake-region.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function system(route: 'direct' | 'proxy' = 'direct'): Promise<{ oaas: OaaS; vms: FakeAgent[]; eu: FakeRegion }> {
  const vms = await Promise.all([fakeAgent('vm-1'), fakeAgent('vm-2')]);
  const eu = await fakeRegion('eu', vms);
  const oaas = new OaaS({ endpoints: [eu.url], apiKey: deviceKey, probeIntervalMs: 0, route });
  cleanups.push(
    () => eu.stop(),
    ...vms.map((vm) => () => vm.stop()),
    () => oaas.close(),
  );
  return { oaas, vms, eu };
}

const circle: { self?: unknown } = {};
circle.self = circle;

describe('arguments that cannot travel', () => {
  const cases: [string, unknown, RegExp][] = [
    ['a BigInt', 10n, /BigInt/],
    ['a circle', circle, /circular/],
    ['bytes beside others', [new Uint8Array(2), 3], /only argument, received Uint8Array/],
    ['a Float32Array', new Float32Array(2), /only argument, received Float32Array/],
    ['an ArrayBuffer', new ArrayBuffer(2), /only argument, received ArrayBuffer/],
  ];
  // An unhandled rejection would fail the run of this file.
  it.each(cases)('%s: the device runs the call, or it is refused by name', async (_name, args, cause) => {
    for (const route of ['direct', 'proxy'] as const) {
      const { oaas, vms } = await system(route);
      const there = oaas.offload<unknown, string>('app', 'echo', null);
      await expect(there(args)).rejects.toMatchObject({
        code: 'invalid-request',
        message: expect.stringMatching(cause),
      });
      const here = oaas.offload<unknown, string>('app', 'echo', () => 'here', { prefer: 'remote', idempotent: true });
      const { result, reason, why } = await here.detailed(args);
      expect([result, reason]).toEqual(['here', 'fallback']);
      expect(why).toMatch(cause);
      expect(vms.flatMap((vm) => vm.seen)).toEqual([]);
    }
  });

  it('a state that JSON has no word for', async () => {
    const { oaas } = await system();
    const there = oaas.offload<[], string>('app', 'echo', null);
    await expect(there([], { state: 10n })).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('bytes that are the only argument travel, in an array as well', async () => {
    const { oaas, vms } = await system();
    const there = oaas.offload<[Uint8Array] | Uint8Array, string>('app', 'echo', null);
    await there([new Uint8Array([1, 2])]);
    await there(new Uint8Array([1, 2]));
    const sent = vms.flatMap((vm) => vm.seen).map((task) => task.args);
    expect(sent).toEqual(Array(2).fill({ type: 'application/octet-stream', base64: 'AQI=' }));
  });
});

describe('a request that every VM would refuse', () => {
  it.each(['body-too-large', 'invalid-request'] as const)(
    'is sent once (%s), and costs the next call nothing',
    async (type) => {
      const { oaas, vms, eu } = await system();
      for (const vm of vms)
        vm.behave = (task) =>
          'json' in task.args && task.args.json === 'wrong' ? { problem: type } : { result: 'there' };
      const there = oaas.offload<string, string>('app', 'echo', null, { deadlineMs: 20_000 });
      await expect(there('wrong')).rejects.toMatchObject({ code: 'invalid-request', problem: type });
      expect(vms.flatMap((vm) => vm.seen)).toHaveLength(1);
      const both = oaas.offload<string, string>('app', 'echo', () => 'here', {
        localEstimateMs: 10_000,
        sizeOf: String,
      });
      const { result, why } = await both.detailed('wrong');
      expect([result, why]).toEqual(['here', expect.stringContaining(type)]);
      expect(await both('right')).toBe('there');
      expect(eu.counts.get(paths.placements)).toBe(1);
    },
  );
});

describe('options', () => {
  const fine = { endpoints: ['http://127.0.0.1:9'], apiKey: 'key', probeIntervalMs: 0 };
  const ofClient: [unknown, RegExp][] = [
    [undefined, /new OaaS takes \{ endpoints or regionsUrl, apiKey \}, received undefined/],
    [{ ...fine, apiKey: '' }, /apiKey .* received an empty string/],
    [{ ...fine, apiKey: 'secret\n' }, /apiKey .*trim\(\)/],
    [{ ...fine, endpoints: ['ftp://x'] }, /endpoint must be .* received ftp:\/\/x/],
    [{ ...fine, endpoints: [{ region: 'eu' }] }, /endpoint must be .* received undefined/],
    [{ ...fine, endpoints: [{ url: 'http://x' }] }, /needs a region, received undefined/],
    [{ ...fine, regionsUrl: 'eu.example.org' }, /regionsUrl must be .* received eu\.example\.org/],
    [{ ...fine, route: 'tunnel' }, /route must be 'direct' or 'proxy', received tunnel/],
    [{ ...fine, energyWeight: 2 }, /energyWeight .* received 2/],
    [{ ...fine, power: { computeW: Number.NaN, transferW: 1, idleW: 1 } }, /power\.computeW .* received NaN/],
    [{ ...fine, placementTimeoutMs: 0 }, /placementTimeoutMs .* received 0/],
    [
      { ...fine, probeIntervalMs: Number.POSITIVE_INFINITY },
      /probeIntervalMs .*0: only at the start.* received Infinity/,
    ],
  ];
  it.each(ofClient)('%o is refused', (options, message) => {
    const create = () => new OaaS(options as OaasOptions).close();
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });

  it('a key never shows in a message', () => {
    expect(() => new OaaS({ ...fine, apiKey: 'secret\n' })).not.toThrow(/secret/);
  });

  const ofMethod: [unknown[], RegExp][] = [
    [['app', undefined, null], /must be named, received "app", "undefined"/],
    [['app', 'echo'], /local must be a function, or null .* received undefined/],
    [['app', 'echo', null, { deadlineMs: Number.POSITIVE_INFINITY }], /deadlineMs .*3600000, received Infinity/],
    [['app', 'echo', null, { deadlineMs: Number.NaN }], /deadlineMs .* received NaN/],
    [['app', 'echo', null, { localParallelism: 0 }], /localParallelism .* received 0/],
    [['app', 'echo', null, { prefer: 'cloud' }], /prefer must be one of auto, local, remote, received cloud/],
  ];
  it.each(ofMethod)('offload(...%o) is refused', (args, message) => {
    const oaas = new OaaS(fine);
    cleanups.push(() => oaas.close());
    const declare = () => oaas.offload(...(args as [string, string, null, OffloadOptions]));
    expect(declare).toThrow(TypeError);
    expect(declare).toThrow(message);
  });

  const ofCall: [CallOptions<unknown>, RegExp][] = [
    [{ deadlineMs: Number.POSITIVE_INFINITY }, /deadlineMs .*3600000, received Infinity/],
    [{ deadlineMs: Number.NaN }, /deadlineMs .* received NaN/],
    [{ deadlineMs: 0 }, /deadlineMs .* received 0/],
    [{ requestId: 'x'.repeat(65) }, /requestId must have 1 to 64 characters, received "x+"/],
    [{ prefer: 'cloud' as 'auto' }, /prefer must be one of auto, local, remote, received cloud/],
  ];
  it.each(ofCall)('of a call, %o, are refused before anything is sent', async (options, message) => {
    const { oaas, vms } = await system();
    const there = oaas.offload<number, number>('app', 'echo', null);
    await expect(there(1, options)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(message),
    });
    expect(vms.flatMap((vm) => vm.seen)).toEqual([]);
  });

  it.each(['{"items":[]}', '{"regions":[]}', '{"regions":[null,{"id":"eu"}]}', '[]', 'null', '<html>'])(
    'a regionsUrl that answers %s is reported, and leaves the call to the device',
    async (answer) => {
      const server = http.createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanups.push(() => server.close());
      const regionsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const oaas = new OaaS({ regionsUrl, apiKey: deviceKey, probeIntervalMs: 0 });
      cleanups.push(() => oaas.close());
      const reported = new Promise((resolve) => oaas.once('error', resolve));
      const { reason } = await oaas.offload('app', 'echo', (x: number) => x, { prefer: 'remote' }).detailed(1);
      expect(reason).toBe('fallback');
      expect(await reported).toMatchObject({ message: expect.stringContaining(`${regionsUrl}/v1/regions`) });
    },
  );

  it('an endpoint to register at that is no URL, or not there, is named', async () => {
    const bundle = new Uint8Array(1);
    const at = (endpoint: string) => registerApp({ endpoint, adminKey: 'key', bundle });
    await expect(at('nowhere')).rejects.toThrow(/endpoint must be an http\(s\) URL, received nowhere/);
    const eu = await fakeRegion('eu', []);
    await eu.stop();
    await expect(at(eu.url)).rejects.toThrow(`cannot reach ${eu.url}: connect ECONNREFUSED`);
  });

  it('an address in the list of regions that is none leaves the call to the device', async () => {
    const eu = await fakeRegion('eu', []);
    cleanups.push(() => eu.stop());
    const { url } = eu;
    eu.url = 'nowhere at all';
    const oaas = new OaaS({ regionsUrl: url, apiKey: deviceKey, probeIntervalMs: 0 });
    cleanups.push(() => oaas.close());
    const { reason, why } = await oaas.offload('app', 'echo', (x: number) => x, { prefer: 'remote' }).detailed(1);
    expect(reason).toBe('fallback');
    expect(why).toContain('nowhere at all');
  });
});
