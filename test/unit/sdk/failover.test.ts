import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OaasClient } from '../../../sdk/typescript/src/oaas.ts';
import type { Exchange, ExchangeRequest, Transport } from '../../../sdk/typescript/src/transport.ts';

/** Promised to the device: another region or the device itself runs the call within this. */
const promisedMs = 2_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const answer = (body: object): Exchange => ({
  ok: true,
  status: 200,
  body: JSON.stringify(body),
  retryAfterMs: null,
  bytes: 100,
});

const ran = {
  requestId: 'r',
  taskId: 't',
  vmId: 'vm-1',
  hops: [],
  result: { type: 'application/json', json: 'remote' },
  timings: { queueMs: 0, cloudMs: 1, totalMs: 1, cpuMs: 1, prepCpuMs: 0, handoffMs: 0 },
  poolId: 'p',
  t2Ms: 0,
  placementMs: 0,
};
const placed = {
  decision: 'remote',
  ticket: 'ticket',
  mode: 'session',
  expiresInMs: 60_000,
  candidates: [{ vmId: 'vm-1', url: 'https://vm-1', certPem: '', networkMs: 0 }],
  poolId: 'p',
  groupId: 'g',
  slaId: 's',
  appDigest: 'd',
  groupRoute: '/v1/groups/g/placements',
  predictedMs: null,
  placementMs: 0,
};

/** A world in which all hosts but one swallow whatever is sent to them. */
function blackholes(direct: boolean, alive: string | null): Transport {
  const silence = ({ timeoutMs, signal }: ExchangeRequest): Promise<Exchange> =>
    new Promise((resolve) => {
      const lost = (kind: 'timeout' | 'aborted') => resolve({ ok: false, sent: true, kind, detail: 'silence' });
      setTimeout(() => lost('timeout'), timeoutMs);
      signal?.addEventListener('abort', () => lost('aborted'));
    });
  const after = (ms: number, exchange: Exchange): Promise<Exchange> =>
    new Promise((resolve) => setTimeout(() => resolve(exchange), ms));
  return {
    direct,
    control(url, request) {
      const { host, pathname } = new URL(url);
      if (host !== alive) return silence(request);
      if (pathname === '/v1/ping') return after(5, answer({ region: host }));
      return after(5, answer(pathname === '/v1/invocations' ? ran : placed));
    },
    surrogate: () => after(5, answer(ran)),
    close() {},
  };
}

const hosts = (count: number) => Array.from({ length: count }, (_, i) => `region-${i}`);

function client(transport: Transport, endpoints: readonly string[]): OaasClient {
  const urls = endpoints.map((host) => ({ region: host, url: `https://${host}` }));
  const list = urls.length === 0 ? { regionsUrl: 'https://directory' } : { endpoints: urls };
  return new OaasClient({ ...list, apiKey: 'key', probeIntervalMs: 0 }, () => transport);
}

/** Lets the promised time pass and answers where the call ran; null: it is still waiting. */
async function withinPromise(call: Promise<{ ranOn: { where: string } }>): Promise<string | null> {
  let where: string | null = null;
  void call.then((done) => {
    where = done.ranOn.where;
  });
  await vi.advanceTimersByTimeAsync(promisedMs);
  return where;
}

const counts = [1, 2, 5, 10];
const remote = { prefer: 'remote' } as const;

describe.each([
  ['direct', true],
  ['proxy', false],
] as const)('on the %s route', (_name, direct) => {
  it.each(counts)('a call runs on the device within 2 s when all of %i regions are silent', async (count) => {
    const oaas = client(blackholes(direct, null), hosts(count));
    const solve = oaas.offload('app', 'm', () => 'local');
    expect(await withinPromise(solve.detailed([], remote))).toBe('local');
    // Neither does the next one wait longer, now that they are known to be down.
    expect(await withinPromise(solve.detailed([], remote))).toBe('local');
    oaas.close();
  });

  it.each(counts)('a call runs in the one region that answers within 2 s, the last of %i', async (count) => {
    const oaas = client(blackholes(direct, `region-${count - 1}`), hosts(count));
    const solve = oaas.offload('app', 'm', () => 'local');
    expect(await withinPromise(solve.detailed([], remote))).toBe('remote');
    oaas.close();
  });

  it('a call runs on the device within 2 s when even the list of regions cannot be had', async () => {
    const oaas = client(blackholes(direct, null), []);
    const solve = oaas.offload('app', 'm', () => 'local');
    expect(await withinPromise(solve.detailed([], remote))).toBe('local');
    oaas.close();
  });

  it('a region that falls silent later costs no more', async () => {
    const transport = blackholes(direct, 'region-0');
    const other = blackholes(direct, 'region-1');
    let first = true;
    const switching: Transport = {
      direct,
      control: (url, request) => (first ? transport : other).control(url, request),
      surrogate: (...args) => transport.surrogate(...args),
      close() {},
    };
    const oaas = client(switching, hosts(2));
    const solve = oaas.offload('app', 'm', () => 'local');
    expect(await withinPromise(solve.detailed([], remote))).toBe('remote');
    first = false;
    // The ticket ends, and so does the trust in the last answer.
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await withinPromise(solve.detailed([], remote))).toBe('remote');
    oaas.close();
  });
});

describe('a region that falls silent while a call waits at its proxy', () => {
  /** The first region takes the call and is not heard of again; the second is well. */
  function swallowing(): Transport {
    const well = blackholes(false, 'region-1');
    let taken = false;
    return {
      ...well,
      control(url, request) {
        const { host, pathname } = new URL(url);
        if (host === 'region-1') return well.control(url, request);
        if (pathname === '/v1/invocations') taken = true;
        return (taken ? well : blackholes(false, 'region-0')).control(url, request);
      },
    };
  }

  it.each([
    [2, 'remote'],
    [1, 'local'],
  ] as const)('of %i: an idempotent call runs elsewhere within 2 s: %s', async (count, where) => {
    const oaas = client(swallowing(), hosts(count));
    await vi.advanceTimersByTimeAsync(100);
    const solve = oaas.offload('app', 'm', () => 'local', { idempotent: true, deadlineMs: 20_000 });
    const call = solve.detailed([], remote);
    expect(await withinPromise(call)).toBe(where);
    expect((await call).attempts[0]).toMatchObject({ target: 'proxy', region: 'region-0', outcome: 'abandoned' });
    oaas.close();
  });

  it('a call that must not run twice waits for its deadline', async () => {
    const oaas = client(swallowing(), hosts(2));
    await vi.advanceTimersByTimeAsync(100);
    const solve = oaas.offload('app', 'm', () => 'local', { deadlineMs: 20_000 });
    let failed: unknown = null;
    void solve.detailed([], remote).catch((error: unknown) => {
      failed = error;
    });
    await vi.advanceTimersByTimeAsync(19_900);
    expect(failed).toBeNull();
    await vi.advanceTimersByTimeAsync(100);
    expect(failed).toMatchObject({ code: 'outcome-unknown' });
    oaas.close();
  });
});
