import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfig } from '../lib/ports/contracts/agent-env.ts';
import { malformedHttpAnswer } from '../lib/ports/contracts/malformed-http.ts';
import { paths } from '../lib/ports/contracts/wire.ts';
import type { Identity } from './certificate.ts';
import { problem, quote } from './http/problems.ts';
import { sendJson, sendProblem } from './http/reply.ts';
import type { Strangers } from './http/strangers.ts';
import { delayed } from './http/wire-delay.ts';
import type { TaskRoute } from './tasks/task-route.ts';
import type { TaskTable } from './tasks/task-table.ts';

interface Options {
  config: AgentConfig;
  identity: Identity;
  taskRoute: TaskRoute;
  tasks: TaskTable;
  strangers: Strangers;
  /** Whether a bearer other than the agent token may use the admin routes. */
  isAdmin: (token: string) => Promise<boolean>;
  drain: () => void;
  ping: () => object;
}

/** A listening HTTPS server. */
export interface AgentServer {
  url: string;
  /**
   * New connections are refused at once, so that whoever comes late knows that nothing ran. What is still on its way on the open ones
   * is answered for `graceMs` more; then they are cut.
   */
  close(graceMs: number): Promise<void>;
}

/** Starts the agent's HTTPS server with its routes. */
export async function startServer(options: Options): Promise<AgentServer> {
  const { config, identity, strangers } = options;
  const handler = (request: IncomingMessage, response: ServerResponse) => route(options, request, response);
  const server = https.createServer(
    {
      key: identity.keyPem,
      cert: identity.certPem,
      minVersion: 'TLSv1.2',
      handshakeTimeout: config.requestTimeoutMs,
      headersTimeout: config.requestTimeoutMs / 2,
      requestTimeout: config.requestTimeoutMs,
      // Node looks for late ones every 30 s unless told otherwise.
      connectionsCheckingInterval: Math.min(1_000, config.requestTimeoutMs / 4),
      keepAliveTimeout: 65_000,
      noDelay: true,
      // Which name the client used says nothing here: its certificate does.
      requireHostHeader: false,
    },
    handler,
  );
  // The ticket is checked before `100 Continue` invites the body.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.once('resume', () => response.writeContinue());
    handler(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Not half-closed: what a slow client still holds back must not keep its place taken.
    if (socket.writable) socket.end(malformedHttpAnswer(error), () => socket.destroy());
    else socket.destroy();
  });
  // Connections over a simulated distance come as streams without an address; only local mode has them.
  server.on('connection', (socket) => {
    if (socket instanceof net.Socket) strangers.accept(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());

  const front =
    config.networkDelayMs > 0
      ? net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
          server.emit('connection', delayed(socket, config.networkDelayMs)),
        )
      : server;
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(config.listenPort, config.listenHost, () => {
      front.off('error', reject);
      resolve();
    });
  });
  const { port } = front.address() as AddressInfo;
  return {
    url: config.publicUrl ?? `https://${config.listenHost}:${port}`,
    close: async (graceMs) => {
      // An HTTP server's own `close` also ends the connections that wait for their next request.
      net.Server.prototype.close.call(front);
      if (graceMs > 0) await sleep(graceMs);
      strangers.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

function route(options: Options, request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => {});
  const path = (request.url ?? '/').split('?', 1)[0]!;
  if (path === paths.tasks && request.method === 'POST') {
    options.taskRoute.handle(request, response);
    return;
  }
  if (path === paths.ticketClaims && request.method === 'POST') {
    options.taskRoute.handOver(request, response);
    return;
  }
  // Without a ticket a connection is good for one answer.
  if (request.headers.authorization === undefined && options.strangers.isStranger(request.socket)) {
    response.setHeader('connection', 'close');
  }
  if (path === paths.ping && request.method === 'GET') {
    sendJson(response, 200, JSON.stringify(options.ping()));
    return;
  }
  const admin = adminRoute(options, request.method ?? '', path);
  if (admin === null) {
    const detail = `no route ${request.method} ${quote(path)} on a surrogate`;
    sendProblem(request, response, problem('not-found', detail));
    return;
  }
  const checked = options.strangers.checking(request.socket);
  void mayAdminister(options, request).then((may) => {
    checked();
    if (may) {
      options.strangers.prove(request.socket);
      return admin(request, response);
    }
    const detail = "this route needs the agent token, or an admin ticket of the region's for this VM, as bearer";
    return sendProblem(request, response, problem('unauthenticated', detail));
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function adminRoute(options: Options, method: string, path: string): Handler | null {
  if (path === paths.tasks && method === 'GET') {
    return (_request, response) => sendJson(response, 200, JSON.stringify(options.tasks.list(performance.now())));
  }
  if (path === '/v1/drain' && method === 'POST') {
    return (_request, response) => {
      options.drain();
      sendJson(response, 202, JSON.stringify({ state: 'draining' }));
    };
  }
  const prefix = paths.task('');
  if (method === 'DELETE' && path.startsWith(prefix) && path.length > prefix.length) {
    const taskId = path.slice(prefix.length);
    return (request, response) => {
      if (options.tasks.kill(taskId)) sendJson(response, 200, JSON.stringify({ taskId, state: 'killed' }));
      else sendProblem(request, response, problem('unknown-task', `no task ${quote(taskId)} waits or runs here`));
    };
  }
  return null;
}

/** Never rejects: what cannot be checked is refused. */
async function mayAdminister({ config, isAdmin }: Options, request: IncomingMessage): Promise<boolean> {
  const header = request.headers.authorization ?? '';
  if (!/^bearer /i.test(header)) return false;
  const bearer = header.slice(7).trim();
  return isAgentToken(config, bearer) || isAdmin(bearer).catch(() => false);
}

function isAgentToken({ agentToken }: AgentConfig, bearer: string): boolean {
  if (agentToken === undefined) return false;
  const given = Buffer.from(bearer);
  const expected = Buffer.from(agentToken);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
