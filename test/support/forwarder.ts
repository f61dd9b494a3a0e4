import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Forwarder {
  endpoint: string;
  /** Access key, and whether a session token came along, of each signature seen. */
  principals: Set<string>;
  close(): void;
}

/**
 * Passes everything on and notes who signed it.
 *
 * @param target base URL, or which one a request is for
 */
export async function startForwarder(target: string | ((request: IncomingMessage) => string)): Promise<Forwarder> {
  const principals = new Set<string>();
  const server = createServer((request, response) => {
    const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'nobody';
    principals.add(`${key}${request.headers['x-amz-security-token'] === undefined ? '' : ' in a session'}`);
    const { hostname, port } = new URL(typeof target === 'string' ? target : target(request));
    const { method, url: path, headers } = request;
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    principals,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
