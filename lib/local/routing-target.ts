/** A local system with a fleet of set size, for experiments that measure the front-end live. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoutingTarget } from '../experiments/iot-figure-4b.ts';
import { groupSchema, slaSchema } from '../ports/contracts/config.ts';
import { type LocalOffers, localOffersSchema } from '../ports/contracts/local-offers.ts';
import { statusResponseSchema } from '../ports/contracts/operator.ts';
import { geographiesSchema } from '../ports/contracts/topology.ts';
import { invocationResponseSchema, paths } from '../ports/contracts/wire.ts';
import { startSystem } from './system.ts';

const most = 7;
const scaleTimeoutMs = 60_000;
const offers: LocalOffers = localOffersSchema.parse({
  version: 1,
  types: [{ id: 'lab.one', cores: 1, coreSpeed: 0.25, memoryMiB: 1_024, priceUsdPerHour: 0.01, bootS: 0.2 }],
});
const group = groupSchema.parse({ id: 'node-small', runtimes: ['node'], memoryMiB: 512, vcpus: 1, maxVms: most + 1 });

/** Starts a system of its own in a temporary folder; `close` stops it and removes the folder. */
export async function openRoutingTarget(): Promise<RoutingTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-routing-'));
  const system = await startSystem({
    dataDir: folder,
    memory: true,
    geographies: geographiesSchema.parse([{ id: 'lab', home: 'lab-1', dataCentres: [{ id: 'lab-1', networkMs: 0 }] }]),
    catalogue: offers,
    host: '127.0.0.1',
    port: 0,
    slotMs: 5_000,
    speedUp: 1,
    isolation: 'auto',
    echo: null,
  });
  const endpoint = system.file.regions[0]!.endpoint;
  const call = async (method: string, path: string, key: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const { admin, device } = system.file.keys;
  // As many machines as the group says, whatever the load.
  const sla = slaSchema.parse({ id: 'default', targetMs: 10_000, planner: 'static' });
  await call('PUT', paths.config('sla', sla.id), admin, sla);

  let requests = 0;
  return {
    async scaleTo(servers) {
      await call('PUT', paths.config('group', group.id), admin, { ...group, minVms: servers });
      for (const endMs = performance.now() + scaleTimeoutMs; performance.now() < endMs; await sleep(200)) {
        const status = statusResponseSchema.parse(await call('GET', paths.status, admin));
        const vms = status.scaling.pools.find((pool) => pool.groupId === group.id)?.vms;
        if (vms?.ready === servers && vms.starting === 0 && vms.draining === 0) return;
      }
      throw new Error(`the local system did not reach ${servers} servers in ${scaleTimeoutMs / 1000} s`);
    },
    async request() {
      const startMs = performance.now();
      const answer = invocationResponseSchema.parse(
        await call('POST', paths.invocations, device, {
          appId: 'fibonacci',
          method: 'recursive',
          requestId: `routing-${requests++}`,
          args: { type: 'application/json', json: [10] },
        }),
      );
      const totalMs = performance.now() - startMs;
      return { routingMs: totalMs - answer.timings.totalMs, totalMs };
    },
    async close() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
