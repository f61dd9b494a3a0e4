import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packDirectory } from '../../lib/app/bundles/directory.ts';
import { buildAgent } from '../../lib/local/build-agent.ts';
import type { AgentEnvName, AgentMessage } from '../../lib/ports/contracts/agent-env.ts';
import { type TicketClaims, ticketType } from '../../lib/ports/contracts/ticket.ts';

export const agentToken = 'agent-token-of-these-tests';
export type ReadyAgent = Extract<AgentMessage, { type: 'ready' }>;

export interface RunningAgent {
  ready: ReadyAgent;
  process: ChildProcess;
  /** Lines the agent logged. */
  log: string[];
  stop(): Promise<void>;
}

export interface Gate {
  file: string;
  open(): void;
  /** Whether a task has gone through. */
  passed(): boolean;
}

/** A region of the test's own: serves keys and bundles on loopback, signs tickets, starts agents. */
export class TestRegion {
  readonly directory = mkdtempSync(join(tmpdir(), 'oaas-agent-test-'));
  readonly kid = 'test-key';
  readonly bundles = new Map<string, Uint8Array>();
  readonly #keys = generateKeyPairSync('ed25519');
  readonly #server: http.Server;
  readonly #agents = new Set<RunningAgent>();
  endpoint = '';
  /** Bundles are given out when this is resolved. */
  bundlesReady: Promise<void> = Promise.resolve();

  private constructor() {
    this.#server = http.createServer((request, response) => this.#serve(request, response));
  }

  static async start(): Promise<TestRegion> {
    const region = new TestRegion();
    await new Promise<void>((resolve) => region.#server.listen(0, '127.0.0.1', resolve));
    region.endpoint = `http://127.0.0.1:${(region.#server.address() as AddressInfo).port}`;
    await buildAgent(region.agentFile);
    return region;
  }

  get agentFile(): string {
    return join(this.directory, 'agent.mjs');
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.url === '/v1/keys') {
      response.end(JSON.stringify({ keys: [this.publicJwk()] }));
      return;
    }
    const digest = /^\/v1\/bundles\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1];
    const zip = digest === undefined ? undefined : this.bundles.get(digest);
    if (request.headers.authorization !== `Bearer ${agentToken}`) response.writeHead(401).end();
    else if (zip === undefined) response.writeHead(404).end();
    else void this.bundlesReady.then(() => response.end(zip));
  }

  publicJwk() {
    const { x } = this.#keys.publicKey.export({ format: 'jwk' });
    return { kty: 'OKP', crv: 'Ed25519', x, kid: this.kid, alg: 'EdDSA', use: 'sig' };
  }

  /** Registers a demo app (or any folder) and answers its digest. */
  async addApp(directory: string): Promise<string> {
    const { zip, result } = await packDirectory(directory);
    if (!result.ok) throw new Error(result.problems.join('; '));
    this.bundles.set(result.bundle.digest, zip);
    return result.bundle.digest;
  }

  async startAgent(env: Partial<Record<AgentEnvName, string>> = {}): Promise<RunningAgent> {
    const vmId = env.OAAS_VM_ID ?? `vm-${randomUUID().slice(0, 8)}`;
    const child = fork(this.agentFile, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        OAAS_VM_ID: vmId,
        OAAS_POOL_ID: 'test.node.default',
        OAAS_REGION: 'test',
        OAAS_ENDPOINT: this.endpoint,
        OAAS_AGENT_TOKEN: agentToken,
        OAAS_WORK_DIR: join(this.directory, vmId),
        ...env,
      },
    });
    const log: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const ready = await new Promise<ReadyAgent>((resolve, reject) => {
      child.on('message', (message: AgentMessage) => {
        if (message.type === 'ready') resolve(message);
        else reject(new Error(message.problems.join('; ')));
      });
      child.once('exit', (code, signal) => reject(new Error(`agent ended (${code ?? signal}): ${log.join('')}`)));
    });
    const agent: RunningAgent = { ready, process: child, log, stop: () => stopChild(child) };
    this.#agents.add(agent);
    return agent;
  }

  /** For the method `gate` of the app "unruly", whose tasks last exactly as long as the test needs them. */
  gate(): Gate {
    const file = join(this.directory, `gate-${randomUUID()}`);
    return { file, open: () => writeFileSync(file, ''), passed: () => existsSync(`${file}.passed`) };
  }

  /** A ticket for these agents, the first preferred. */
  claims(agents: readonly RunningAgent[], digest: string, change: Partial<TicketClaims> = {}): TicketClaims {
    const nowS = Math.floor(Date.now() / 1000);
    return {
      iss: 'test',
      sub: 'device-1',
      aud: agents.map((agent) => agent.ready.vmId),
      jti: randomUUID(),
      iat: nowS,
      // Longer than any file of tests takes.
      exp: nowS + 7_200,
      mode: 'session',
      pool: 'test.node.default',
      app: { id: 'app', digest },
      vms: agents.map(({ ready }) => ({
        id: ready.vmId,
        nonce: ready.bootNonce,
        url: ready.url,
        certSha256: ready.certSha256,
      })),
      threshold: 1_000,
      ...change,
    };
  }

  sign(claims: object, header: object = {}): string {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'EdDSA', typ: ticketType, kid: this.kid, ...header })}.${encode(claims)}`;
    return `${input}.${sign(null, Buffer.from(input), this.#keys.privateKey).toString('base64url')}`;
  }

  ticket(agents: readonly RunningAgent[], digest: string, change: Partial<TicketClaims> = {}): string {
    return this.sign(this.claims(agents, digest, change));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents].map((agent) => agent.stop()));
    this.#server.closeAllConnections();
    this.#server.close();
    if (existsSync(this.directory)) rmSync(this.directory, { recursive: true, force: true });
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  child.kill('SIGCONT');
  await ended;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
  body: any;
}

const clients = new WeakMap<RunningAgent, https.Agent>();

/** A keep-alive client that trusts this agent's certificate only. */
function clientOf(agent: RunningAgent): https.Agent {
  let client = clients.get(agent);
  if (client === undefined) {
    client = new https.Agent({ keepAlive: true, ca: agent.ready.certPem, servername: agent.ready.vmId });
    clients.set(agent, client);
  }
  return client;
}

export function call(
  agent: RunningAgent,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer; signal?: AbortSignal } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      new URL(path, agent.ready.url),
      { method, agent: clientOf(agent), headers: options.headers, signal: options.signal },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === '' ? null : JSON.parse(text),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

export interface TaskOptions {
  requestId?: string;
  state?: unknown;
  deadlineMs?: number;
  /** The arguments are a payload already. */
  rawArgs?: boolean;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Runs a method with JSON arguments. */
export function runTask(
  agent: RunningAgent,
  ticket: string,
  method: string,
  args: unknown,
  options: TaskOptions = {},
): Promise<Answer> {
  const json = (value: unknown) => ({ type: 'application/json', json: value });
  const body = JSON.stringify({
    requestId: options.requestId ?? randomUUID(),
    method,
    args: options.rawArgs === true ? args : json(args),
    ...(options.state === undefined ? {} : { state: json(options.state) }),
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  });
  return call(agent, 'POST', '/v1/tasks', {
    headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/json', ...options.headers },
    body,
    signal: options.signal,
  });
}

export const asAdmin = { authorization: `Bearer ${agentToken}` };
