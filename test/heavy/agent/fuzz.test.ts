import { generateKeyPairSync, sign } from 'node:crypto';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBundle } from '../../../lib/app/bundles/bundle.ts';
import { packDirectory } from '../../../lib/app/bundles/directory.ts';
import { ticketType } from '../../../lib/ports/contracts/ticket.ts';
import { TicketVerifier } from '../../../surrogate/tickets/verifier.ts';
import { call, type RunningAgent, runTask, TestRegion } from '../../support/agent-region.ts';

const template = fileURLToPath(new URL('../../../apps/template', import.meta.url));
const runs = { bodies: 20_000, headers: 5_000, bytes: 1_000, tickets: 60_000, bundles: 20_000 };

/** Edits of a byte sequence: overwrite, cut, repeat. */
const edits = fc.array(fc.tuple(fc.constantFrom('set', 'cut', 'twice'), fc.nat(1_000_000), fc.nat(255)), {
  minLength: 1,
  maxLength: 6,
});

function mutate(bytes: Uint8Array, changes: readonly (readonly [string, number, number])[]): Uint8Array {
  let current = Buffer.from(bytes);
  for (const [kind, where, value] of changes) {
    if (current.length === 0) break;
    const at = where % current.length;
    if (kind === 'set') current[at] = value;
    else if (kind === 'cut') current = Buffer.concat([current.subarray(0, at), current.subarray(at + (value % 16))]);
    else current = Buffer.concat([current.subarray(0, at), current.subarray(at, at + value), current.subarray(at)]);
  }
  return current;
}

describe('a real agent under malformed input', () => {
  let region: TestRegion;
  let agent: RunningAgent;
  let ticket: string;

  beforeAll(async () => {
    region = await TestRegion.start();
    const digest = await region.addApp(template);
    agent = await region.startAgent({
      OAAS_ISOLATION: 'process',
      OAAS_QUEUE_LIMIT: '100',
      OAAS_MAX_BODY_BYTES: '20000',
    });
    ticket = region.ticket([agent], digest, { exp: Math.floor(Date.now() / 1000) + 30_000 });
    await runTask(agent, ticket, 'greet', ['fuzzer']);
  });
  afterAll(() => region.close());

  /** In batches, so that the agent reads several at once. */
  async function all(count: number, one: (i: number) => Promise<void>): Promise<void> {
    for (let from = 0; from < count; from += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, i) => one(from + i)));
    }
  }
  /** One connection per request of a batch, each with a good ticket first: an agent closes those without after 2 s, in use or not. */
  const provenConnections = () =>
    all(50, async () => {
      const headers = { authorization: `Bearer ${ticket}` };
      expect((await call(agent, 'POST', '/v1/tasks', { headers, body: '{' })).status).toBe(400);
    });
  const stillServes = async () => {
    expect(agent.process.exitCode).toBeNull();
    expect((await runTask(agent, ticket, 'greet', ['again'])).body.result.json).toBe('Hello, again!');
    expect((await call(agent, 'GET', '/v1/ping')).body).toMatchObject({ running: 0, waiting: 0 });
  };

  it(`answers ${runs.bodies} bodies with a status of the client's fault`, async () => {
    const valid = Buffer.from(
      '{"requestId":"r","method":"nothing","args":{"type":"application/json","json":[1,{"a":null}]}}',
    );
    const body = fc.oneof(
      edits.map((changes) => Buffer.from(mutate(valid, changes))),
      fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({ requestId: fc.anything(), method: fc.anything(), args: fc.anything(), deadlineMs: fc.anything() })
        .map((value) => {
          try {
            return Buffer.from(JSON.stringify(value));
          } catch {
            return Buffer.from('{');
          }
        }),
    );
    const bodies = fc.sample(body, { numRuns: runs.bodies, seed: 1 });
    const counts = new Map<number, number>();
    await provenConnections();
    await all(bodies.length, async (i) => {
      const { status } = await call(agent, 'POST', '/v1/tasks', {
        headers: { authorization: `Bearer ${ticket}` },
        body: bodies[i],
      });
      counts.set(status, (counts.get(status) ?? 0) + 1);
    });
    expect([...counts.keys()].filter((status) => ![400, 404, 409, 413].includes(status))).toEqual([]);
    expect(counts.get(400)).toBeGreaterThan(runs.bodies / 2);
    await stillServes();
  });

  it(`refuses ${runs.headers} requests with strange paths, methods and tickets`, async () => {
    const token = fc.stringMatching(/^[!-~]{0,200}$/);
    const requests = fc.sample(fc.tuple(fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'), token, token), {
      numRuns: runs.headers,
      seed: 2,
    });
    await provenConnections();
    await all(requests.length, async (i) => {
      const [method, path, bearer] = requests[i]!;
      const route = i % 2 === 0 ? '/v1/tasks' : `/${encodeURIComponent(path)}`;
      const { status } = await call(agent, method, route, { headers: { authorization: `Bearer ${bearer}` } });
      expect([401, 404]).toContain(status);
    });
    await stillServes();
  });

  it(`closes ${runs.bytes} connections that do not speak HTTP`, async () => {
    const { url, certPem, vmId } = agent.ready;
    const start = Buffer.from(
      `POST /v1/tasks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ticket}\r\ncontent-length: 10\r\n\r\n`,
    );
    const inputs = fc.sample(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        edits.map((changes) => mutate(start, changes)),
      ),
      { numRuns: runs.bytes, seed: 3 },
    );
    await all(inputs.length, async (i) => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: certPem, servername: vmId });
      socket.on('error', () => {});
      socket.resume();
      socket.end(inputs[i]!);
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await stillServes();
  });
});

describe('without a process in between', () => {
  it(`none of ${runs.tickets} changed tickets opens the VM`, async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const x = publicKey.export({ format: 'jwk' }).x ?? '';
    const verifier = new TicketVerifier({
      vmId: 'vm-1',
      bootNonce: 'n',
      keys: { get: (kid) => (kid === 'k' ? { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } : null) },
      nowMs: () => 1_000_000,
      claim: async () => 'ours',
    });
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      ...{ iss: 'r', sub: 's', aud: ['vm-1'], jti: 'j', iat: 1_000, exp: 1_060, mode: 'session', pool: 'p' },
      app: { id: 'a', digest: 'd' },
      vms: [{ id: 'vm-1', nonce: 'n', url: 'https://127.0.0.1', certSha256: '' }],
    };
    const input = `${encode({ alg: 'EdDSA', typ: ticketType, kid: 'k' })}.${encode(claims)}`;
    const genuine = `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
    expect((await verifier.check(genuine)).ok).toBe(true);
    const signature = (ticket: string) => Buffer.from(ticket.split('.')[2] ?? '', 'base64url').toString('hex');
    let refused = 0;
    for (const changes of fc.sample(edits, { numRuns: runs.tickets, seed: 4 })) {
      const changed = Buffer.from(mutate(Buffer.from(genuine), changes)).toString('latin1');
      const verdict = await verifier.check(changed);
      // The same bytes in another spelling of base64 are the same ticket.
      const same = changed.startsWith(`${input}.`) && signature(changed) === signature(genuine);
      expect(verdict.ok && !same).toBe(false);
      if (!verdict.ok) refused += 1;
    }
    expect(refused).toBeGreaterThan(runs.tickets * 0.9);
  });

  it(`${runs.bundles} changed bundles are opened or refused, nothing else`, async () => {
    const { zip } = await packDirectory(template);
    let refused = 0;
    for (const changes of fc.sample(edits, { numRuns: runs.bundles, seed: 5 })) {
      if (!(await openBundle(mutate(zip, changes))).ok) refused += 1;
    }
    expect(refused).toBeGreaterThan(runs.bundles / 10);
  });
});
