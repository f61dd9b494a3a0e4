/**
 * A regional endpoint and its agents in one process, for tests of clients. It speaks the real contracts (requests are
 * parsed by the schemas) and records all that it sees; what it answers is up to the test.
 */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Payload } from '../../lib/ports/contracts/payload.ts';
import { type ProblemType, problemBase, problemTypes } from '../../lib/ports/contracts/problem.ts';
import {
  type Candidate,
  invocationRequestSchema,
  type Placed,
  type PlacementRequest,
  type PlacementResponse,
  paths,
  placementRequestSchema,
  type TaskRequest,
  type TaskResponse,
  taskRequestSchema,
} from '../../lib/ports/contracts/wire.ts';
import { selfSigned } from './self-signed.ts';

export const deviceKey = 'device-key-of-the-test';

/** What an agent does with a task: its result, a problem, a broken connection after running it, or silence. */
export type AgentReply =
  | { result: unknown; state?: Payload; ms?: number }
  | { problem: ProblemType }
  | 'break'
  | 'hang';

export interface FakeAgent extends Candidate {
  /** Tasks that arrived, by request id, and how often each was run. */
  seen: TaskRequest[];
  runs: Map<string, number>;
  tokens: string[];
  handshakes: { resumed: boolean }[];
  behave: (task: TaskRequest) => AgentReply;
  stop(): Promise<void>;
}

export async function fakeAgent(vmId: string, identity = selfSigned(vmId), port = 0): Promise<FakeAgent> {
  const server = https.createServer({ key: identity.key, cert: identity.cert }, (request, response) => {
    void serve(request, response).catch((error: Error) => response.destroy(error));
  });
  const agent: FakeAgent = {
    vmId,
    url: '',
    certPem: identity.cert,
    networkMs: 0,
    seen: [],
    runs: new Map(),
    tokens: [],
    handshakes: [],
    behave: (task) => ({ result: 'json' in task.args ? task.args.json : null }),
    stop: () => stop(server),
  };
  server.on('secureConnection', (socket) => agent.handshakes.push({ resumed: socket.isSessionReused() }));
  const results = new Map<string, TaskResponse>();

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url !== paths.tasks || request.method !== 'POST') return problem(response, 'not-found');
    agent.tokens.push(request.headers.authorization ?? '');
    const task = taskRequestSchema.parse(await json(request));
    agent.seen.push(task);
    const before = results.get(task.requestId);
    if (before !== undefined) return reply(response, 200, before);
    const what = agent.behave(task);
    if (what === 'hang') return;
    if (what !== 'break' && 'problem' in what) return problem(response, what.problem);
    agent.runs.set(task.requestId, (agent.runs.get(task.requestId) ?? 0) + 1);
    if (what === 'break') {
      request.socket.destroy();
      return;
    }
    const ms = what.ms ?? 1;
    if (what.ms !== undefined) await new Promise((resolve) => setTimeout(resolve, ms));
    const done: TaskResponse = {
      requestId: task.requestId,
      taskId: `task-${agent.seen.length}`,
      vmId,
      hops: [],
      result: { type: 'application/json', json: what.result },
      ...(what.state === undefined ? {} : { state: what.state }),
      timings: {
        queueMs: 0,
        cloudMs: ms,
        totalMs: what.ms === undefined ? 0 : ms,
        cpuMs: ms,
        prepCpuMs: 0,
        handoffMs: 0,
      },
    };
    results.set(task.requestId, done);
    reply(response, 200, done);
  }

  agent.url = `https://127.0.0.1:${await listen(server, port)}`;
  return agent;
}

export interface FakeRegion {
  id: string;
  url: string;
  /** Requests per path. */
  counts: Map<string, number>;
  placements: PlacementRequest[];
  place: (
    request: PlacementRequest,
    count: number,
  ) => PlacementResponse | { problem: ProblemType; retryAfterMs?: number };
  /** True: connections are accepted and never answered, as behind a black hole. */
  silent: boolean;
  invoke: (task: TaskRequest) => unknown;
  stop(): Promise<void>;
}

export async function fakeRegion(
  id: string,
  agents: readonly FakeAgent[],
  ticket: Partial<Placed> = {},
): Promise<FakeRegion> {
  const server = http.createServer((request, response) => {
    void serve(request, response).catch((error: Error) => response.destroy(error));
  });
  const region: FakeRegion = {
    id,
    url: '',
    counts: new Map(),
    placements: [],
    place: (request, count) => placed(agents, { ticket: `ticket-${id}-${count}`, ...ticket }, request.exclude),
    silent: false,
    invoke: (task) => ('json' in task.args ? task.args.json : null),
    stop: () => stop(server),
  };

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = request.url ?? '';
    region.counts.set(path, (region.counts.get(path) ?? 0) + 1);
    if (region.silent) return;
    if (path === paths.ping) return reply(response, 200, { region: id });
    if (path === paths.regions)
      return reply(response, 200, { regions: [{ id, geography: 'test', endpoint: region.url }] });
    if (request.headers.authorization !== `Bearer ${deviceKey}`) return problem(response, 'unauthenticated');
    if (path === paths.placements || path === paths.groupPlacements('group')) {
      const parsed = placementRequestSchema.parse(await json(request));
      region.placements.push(parsed);
      const answer = region.place(parsed, region.placements.length);
      if ('problem' in answer) return problem(response, answer.problem, answer.retryAfterMs);
      return reply(response, 200, answer);
    }
    if (path === paths.invocations) {
      const task = invocationRequestSchema.parse(await json(request));
      return reply(response, 200, {
        requestId: task.requestId,
        taskId: 'task-1',
        vmId: 'vm-behind-the-region',
        hops: [],
        result: { type: 'application/json', json: region.invoke(task) },
        timings: { queueMs: 0, cloudMs: 1, totalMs: 1, cpuMs: 1, prepCpuMs: 0, handoffMs: 0 },
        poolId: `${id}.group.default`,
        t2Ms: 0.5,
        placementMs: 0.25,
      });
    }
    problem(response, 'not-found');
  }

  region.url = `http://127.0.0.1:${await listen(server, 0)}`;
  return region;
}

/** An answer that places on the given agents, those excluded left out. */
export function placed(
  agents: readonly FakeAgent[],
  over: Partial<Placed>,
  exclude: readonly string[] = [],
): PlacementResponse {
  const candidates = agents
    .filter((a) => !exclude.includes(a.vmId))
    .map(({ vmId, url, certPem, networkMs }) => ({ vmId, url, certPem, networkMs }));
  if (candidates.length === 0) {
    return {
      decision: 'local',
      reason: 'saturated',
      detail: 'every VM is excluded',
      predictedMs: null,
      retryAfterMs: null,
    };
  }
  return {
    decision: 'remote',
    ticket: 'ticket',
    mode: 'session',
    expiresInMs: 60_000,
    candidates,
    poolId: 'test.group.default',
    groupId: 'group',
    slaId: 'default',
    appDigest: '0'.repeat(64),
    groupRoute: paths.groupPlacements('group'),
    predictedMs: 5,
    placementMs: 0.1,
    ...over,
  };
}

function reply(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: http.ServerResponse, type: ProblemType, retryAfterMs?: number): void {
  const status = problemTypes[type];
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(
      JSON.stringify({ type: problemBase + type, title: type, status, detail: `${type} by the test`, retryAfterMs }),
    );
}

async function listen(server: http.Server | https.Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function stop(server: http.Server | https.Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
