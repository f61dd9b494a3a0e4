/** A local system with a fleet of set size, for experiments that measure the front-end live. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabTarget, LabType } from '../experiments/live-lab.ts';
import { groupSchema, slaSchema } from '../ports/contracts/config.ts';
import { type LocalOffers, localOffersSchema } from '../ports/contracts/local-offers.ts';
import { statusResponseSchema } from '../ports/contracts/operator.ts';
import { geographiesSchema } from '../ports/contracts/topology.ts';
import { invocationResponseSchema, paths } from '../ports/contracts/wire.ts';
import { startSystem } from './system.ts';

const most = 7;
const scaleTimeoutMs = 60_000;
const busyMs = 50;
const offersOf = (type: LabType): LocalOffers =>
  localOffersSchema.parse({
    version: 1,
    types: [{ ...type, memoryMiB: 1_024, priceUsdPerHour: 0.01, bootS: 0.2 }],
  });
const group = groupSchema.parse({ id: 'node-small', runtimes: ['node'], memoryMiB: 512, vcpus: 1, maxVms: most + 1 });

/** Starts a system of its own in a temporary folder; `close` stops it and removes the folder. */
export async function openRoutingTarget(
  type: LabType = { id: 'lab.one', cores: 1, coreSpeed: 0.25 },
): Promise<LabTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-routing-'));
  const system = await startSystem({
    dataDir: folder,
    memory: true,
    geographies: geographiesSchema.parse([{ id: 'lab', home: 'lab-1', dataCentres: [{ id: 'lab-1', networkMs: 0 }] }]),
    catalogue: offersOf(type),
    host: '127.0.0.1',
    port: 0,
    slotMs: 5_000,
    speedUp: 1,
    isolation: 'auto',
    echo: null,
  });
  const endpoint = system.file.regions[0]!.endpoint;
  const send = (method: string, path: string, key: string, body?: unknown): Promise<Response> =>
    fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const call = async (method: string, path: string, key: string, body?: unknown): Promise<unknown> => {
    const response = await send(method, path, key, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const { admin, device } = system.file.keys;
  // As many machines as the group says, whatever the load.
  const sla = slaSchema.parse({ id: 'default', targetMs: 10_000, planner: 'static' });
  await call('PUT', paths.config('sla', sla.id), admin, sla);

  let requests = 0;
  const run: LabTarget['run'] = async ({ appId, method, args }) => {
    const startMs = performance.now();
    const body = {
      appId,
      method,
      requestId: `lab-${requests++}`,
      args: { type: 'application/json', json: args },
      deadlineMs: scaleTimeoutMs,
    };
    for (;;) {
      const response = await send('POST', paths.invocations, device, body);
      const text = await response.text();
      // A full system says when to come again, which a device does; its wait is part of its response time.
      if (response.status === 429 && performance.now() - startMs < scaleTimeoutMs) {
        await sleep(busyMs);
        continue;
      }
      if (!response.ok) throw new Error(`POST ${paths.invocations}: ${response.status} ${text}`);
      const answer = invocationResponseSchema.parse(JSON.parse(text));
      const totalMs = performance.now() - startMs;
      const { cloudMs, queueMs, totalMs: serverMs } = answer.timings;
      const t2Ms = answer.t2Ms ?? 0;
      return { t1Ms: Math.max(0, totalMs - serverMs - t2Ms), t2Ms, cloudMs, queueMs, totalMs };
    }
  };
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
      const { totalMs, t1Ms, t2Ms } = await run({ appId: 'fibonacci', method: 'recursive', args: [10] });
      return { routingMs: t1Ms + t2Ms, totalMs };
    },
    run,
    async close() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
