import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { AgentConfig } from '../lib/ports/contracts/agent-env.ts';
import { paths } from '../lib/ports/contracts/wire.ts';
import type { Identity } from './certificate.ts';
import { problem, quote } from './http/problems.ts';
import { sendJson, sendProblem } from './http/reply.ts';
import { delayed } from './http/wire-delay.ts';
import type { TaskRoute } from './tasks/task-route.ts';
import type { TaskTable } from './tasks/task-table.ts';

interface Options {
  config: AgentConfig;
  identity: Identity;
  taskRoute: TaskRoute;
  tasks: TaskTable;
  drain: () => void;
  ping: () => object;
}

/** A listening HTTPS server. */
export interface AgentServer {
  url: string;
  close(): Promise<void>;
}

/** Starts the agent's HTTPS server with its routes. */
export async function startServer(options: Options): Promise<AgentServer> {
  const { config, identity } = options;
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
    },
    handler,
  );
  // The ticket is checked before `100 Continue` invites the body.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.once('resume', () => response.writeContinue());
    handler(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
    // Not half-closed: what a slow client still holds back must not keep its place taken.
    if (socket.writable)
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
    else socket.destroy();
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
    close: async () => {
      front.close();
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
  if (path === paths.ping && request.method === 'GET') {
    sendJson(response, 200, JSON.stringify(options.ping()));
    return;
  }
  const admin = adminRoute(options, request.method ?? '', path);
  if (admin === null) {
    const detail = `no route ${request.method} ${quote(path)} on a surrogate`;
    sendProblem(request, response, problem('not-found', detail));
  } else if (!isAdmin(options.config, request)) {
    sendProblem(request, response, problem('unauthenticated', 'this route needs the agent token as bearer'));
  } else {
    admin(request, response);
  }
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

function isAdmin(config: AgentConfig, request: IncomingMessage): boolean {
  const header = request.headers.authorization ?? '';
  if (config.agentToken === undefined || !/^bearer /i.test(header)) return false;
  const given = Buffer.from(header.slice(7).trim());
  const expected = Buffer.from(config.agentToken);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
