import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Faults {
  /** Shares of the calls, 0-1, drawn from a seeded stream. */
  throttled: number;
  /** Done, but the answer is an error of the server: the client cannot know. */
  answerLost: number;
  /** Of eventually consistent reads: an answer of up to `staleMs` ago. */
  stale: number;
  staleMs: number;
  /** Every call takes 0 to this longer. */
  delayMs: number;
}

export interface FaultyDynamoDb {
  endpoint: string;
  /** Calls per fault. */
  injected: Record<'throttled' | 'answerLost' | 'stale', number>;
  faults: Faults;
  close(): Promise<void>;
}

export const noFaults: Faults = { throttled: 0, answerLost: 0, stale: 0, staleMs: 0, delayMs: 0 };
const eventualReads = /\.(GetItem|BatchGetItem|Query)$/;

/** A DynamoDB that does what DynamoDB may do to its callers, in front of one that does not. */
export async function faultyDynamoDb(target: string, seed: number): Promise<FaultyDynamoDb> {
  let state = seed;
  /** Uniform numbers of Lehmer's generator (minimal standard). */
  const draw = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const chance = (share: number) => draw() < share;
  const earlier = new Map<string, { atMs: number; text: string }>();
  const forward = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const injected = { throttled: 0, answerLost: 0, stale: 0 };
  const dynamo: FaultyDynamoDb = { endpoint: '', injected, faults: noFaults, close };

  const ask = (headers: http.IncomingHttpHeaders, body: Buffer): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const { host: _host, ...rest } = headers;
      const request = http.request(target, { method: 'POST', headers: rest, agent: forward }, async (response) => {
        resolve({ status: response.statusCode ?? 500, text: (await buffer(response)).toString() });
      });
      request.on('error', reject);
      request.end(body);
    });

  const server = http.createServer(async (request, response) => {
    const { faults } = dynamo;
    const answer = (status: number, text: string) => {
      if (response.destroyed) return;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
    };
    const body = await buffer(request);
    const operation = String(request.headers['x-amz-target'] ?? '');
    if (faults.delayMs > 0) await new Promise((done) => setTimeout(done, draw() * faults.delayMs));
    if (chance(faults.throttled)) {
      injected.throttled += 1;
      answer(400, error('ProvisionedThroughputExceededException'));
      return;
    }
    const eventual = eventualReads.test(operation) && !body.includes('"ConsistentRead":true');
    const key = `${operation} ${body.toString()}`;
    const old = earlier.get(key);
    if (eventual && old !== undefined && performance.now() - old.atMs < faults.staleMs && chance(faults.stale)) {
      injected.stale += 1;
      answer(200, old.text);
      return;
    }
    try {
      const { status, text } = await ask(request.headers, body);
      if (eventual && status === 200) earlier.set(key, { atMs: performance.now(), text });
      if (status === 200 && chance(faults.answerLost)) {
        injected.answerLost += 1;
        answer(500, error('InternalServerError'));
      } else answer(status, text);
    } catch {
      response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  dynamo.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  async function close(): Promise<void> {
    forward.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return dynamo;
}

const error = (type: string): string =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'injected by the test' });
