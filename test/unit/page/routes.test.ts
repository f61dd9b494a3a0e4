import { describe, expect, it } from 'vitest';
import { createBearerAuth } from '../../../lib/adapters/local/bearer-auth.ts';
import { createPageHub } from '../../../lib/app/page/hub.ts';
import { createRegionView } from '../../../lib/app/page/region-view.ts';
import { createPageApp, type PageFile } from '../../../lib/app/page/routes.ts';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import type { DemoAction, PageUpdate } from '../../../lib/ports/contracts/page.ts';
import { createWorld, poolId } from '../../support/scaler-world.ts';

const silent = { info() {}, warn() {}, error() {} };
const key = 'oaas-page-0123456789abcdef';
const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const file: PageFile = {
  type: 'text/html',
  etag: '"1"',
  plain: bytes('plain'),
  gzip: bytes('gzip'),
  brotli: bytes('brotli'),
};

function createPage() {
  const world = createWorld();
  const asked: DemoAction[] = [];
  const view = createRegionView({
    scaler: world.deps('page'),
    geography: 'europe',
    configFaults: () => [{ kind: 'config-invalid', detail: 'sla x is invalid' }],
    placements: () => ({ remote: 3, local: 2, refused: 1 }),
    priceAgeHours: () => 5,
  });
  const hub = createPageHub({ views: () => [view], demo: () => null, cpuMs: () => 0, log: silent });
  const app = createPageApp({
    files: async () => new Map([['', file]]),
    hub,
    views: () => [view],
    tasks: async () => ({ tasks: [], silent: ['vm-1'] }),
    demo: {
      state: () => ({
        running: null,
        startedAtMs: null,
        durationMs: 0,
        sent: 0,
        remote: 0,
        fellBack: 0,
        failed: 0,
        events: [],
      }),
      act: (action) => {
        asked.push(action);
        return { ok: true, detail: '' };
      },
    },
    authenticate: createBearerAuth([
      { id: 'page', scope: 'page', token: key },
      { id: 'device', scope: 'device', token: 'oaas-device-0123456789' },
    ]),
    hostName: '127.0.0.1',
    log: silent,
  });
  const call = (path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
    app.request(`http://localhost:7400${path}`, {
      ...init,
      headers: { host: 'localhost:7400', ...init.headers },
    });
  return { world, view, hub, call, asked };
}

const authorization = { authorization: `Bearer ${key}` };

describe('page routes', () => {
  it('serve the page compressed, with a policy that allows nothing foreign', async () => {
    const { call } = createPage();
    const answer = await call('/dashboard/', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(await answer.text()).toBe('brotli');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect((await call('/dashboard/', { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
    expect((await call('/')).headers.get('location')).toBe('/dashboard/');
    expect((await call('/dashboard/../../etc/passwd')).status).toBe(404);
  });

  it('refuse a foreign name, a foreign origin, a missing key and a key of another scope', async () => {
    const { call, asked } = createPage();
    const demo = (headers: Record<string, string>) =>
      call('/dashboard/api/demo', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ action: 'burst' }),
      });
    expect((await call('/dashboard/', { headers: { host: 'rebound.example:7400' } })).status).toBe(403);
    expect((await demo({ ...authorization, host: 'rebound.example:7400' })).status).toBe(403);
    expect((await demo({ ...authorization, origin: 'http://evil.example' })).status).toBe(403);
    expect((await demo({ ...authorization, origin: 'http://localhost:9999' })).status).toBe(403);
    expect((await demo({ ...authorization, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await demo({})).status).toBe(401);
    expect((await demo({ authorization: 'Bearer oaas-device-0123456789' })).status).toBe(403);
    expect((await call('/dashboard/api/stream')).status).toBe(401);
    expect(asked).toEqual([]);
    expect((await demo({ ...authorization, origin: 'http://localhost:7400' })).status).toBe(200);
    expect((await demo({ ...authorization, host: '192.168.1.7:7400' })).status).toBe(200);
    expect(asked).toEqual(['burst', 'burst']);
  });

  it('say what is wrong with a query', async () => {
    const { call } = createPage();
    const get = async (path: string) => (await call(path, { headers: authorization })).status;
    expect(await get('/dashboard/api/slot?pool=r1.small.default&start=soon')).toBe(400);
    expect(await get('/dashboard/api/slot?pool=r1.small.default&start=1')).toBe(404);
    expect(await get('/dashboard/api/slot?pool=elsewhere.x.y&start=1')).toBe(404);
    expect(await get('/dashboard/api/problem?pool=r1.none.default')).toBe(404);
    expect(await get('/dashboard/api/nothing')).toBe(404);
  });
});

describe('the stream', () => {
  it('brings the machines, the slots once, and ends with its watcher', async () => {
    const { world, call, hub } = createPage();
    await scaleRegion(world.deps('scaler'), 'slot');
    const answer = await call('/dashboard/api/stream', { headers: authorization });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<PageUpdate> => JSON.parse((await reader.read()).value!.slice('data: '.length));
    const first = await next();
    const [region] = first.regions;
    expect(region).toMatchObject({
      id: 'r1',
      geography: 'europe',
      placements: { remote: 3, local: 2, refused: 1 },
      priceAgeHours: 5,
      faults: [{ kind: 'config-invalid' }],
    });
    expect(region!.vms.length).toBeGreaterThan(0);
    expect(region!.pools[0]).toMatchObject({ poolId, live: null });
    expect(first.slots[0]?.points).toHaveLength(1);
    const second = await next();
    expect(second.slots).toEqual([]);
    const { slotStartMs } = first.slots[0]!.points[0]!;
    const slot = await call(`/dashboard/api/slot?pool=${poolId}&start=${slotStartMs}`, { headers: authorization });
    expect(await slot.json()).toMatchObject({ poolId, body: { kind: 'slot' } });
    const problem = await call(`/dashboard/api/problem?pool=${poolId}`, { headers: authorization });
    expect(await problem.json()).toMatchObject({ sla: { indicator: 'mean' }, policy: 'jsq' });
    hub.close();
    expect((await reader.read()).done).toBe(true);
  });
});
