import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import { malformedHttp, malformedHttpAnswer } from '../../ports/contracts/malformed-http.ts';

export interface HttpServer {
  /** Port it listens on. */
  port: number;
  /** Stops listening and ends the connections. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler over plain HTTP. Slow clients are cut off: node checks its header timeout only every 30 s unless told
 * to look more often.
 *
 * @throws Error with `code` EADDRINUSE when the port is taken
 */
export async function serveHttp(
  fetch: (request: Request, env: Record<string, unknown>) => Response | Promise<Response>,
  options: { host: string; port: number; headersTimeoutMs?: number; requestTimeoutMs?: number },
): Promise<HttpServer> {
  const server: Server = createServer(
    {
      connectionsCheckingInterval: 1_000,
      headersTimeout: options.headersTimeoutMs ?? 5_000,
      requestTimeout: options.requestTimeoutMs ?? 10_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
      // Refused below, with a problem.
      requireHostHeader: false,
    },
    getRequestListener((request, env) => fetch(request, { ...env }), { errorHandler: answerFor }),
  );
  server.on('clientError', (error, socket) => {
    if (socket.writable && !isAnswering(socket)) socket.end(malformedHttpAnswer(error), () => socket.destroy());
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As node's own handler does: an answer that is on its way must not get another one into it. */
const isAnswering = (socket: Duplex & { _httpMessage?: { headersSent: boolean } | null }): boolean =>
  socket._httpMessage?.headersSent === true;

/** A head that parses but names no address of ours: no host, another scheme. Anything else is the caller's to report. */
function answerFor(error: unknown): Response {
  if (!(error instanceof RequestError)) throw error;
  return new Response(JSON.stringify(malformedHttp({ message: error.message })), {
    status: 400,
    headers: { 'content-type': 'application/problem+json' },
  });
}
