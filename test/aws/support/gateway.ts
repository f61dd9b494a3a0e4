/**
 * API Gateway in front of the deployed functions: the deployed routes and authorizers, events of payload format 2.0, over TLS as a device and
 * an agent expect it.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { selfSigned } from '../../support/self-signed.ts';
import type { LambdaFunction } from './lambda.ts';
import { account, type Inventory } from './moto.ts';

type Route = Inventory['apis'][number]['routes'][number];
interface Answer {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
}

export interface Gateway {
  endpoint: string;
  /** The only authority that clients need to trust. */
  certPem: string;
  /** Requests by deployed route. */
  served: Map<string, number>;
  close(): void;
}

/** @param functions by deployed name; may grow after the start, since functions are told the endpoint */
export async function startGateway(
  routes: readonly Route[],
  functions: ReadonlyMap<string, LambdaFunction>,
): Promise<Gateway> {
  const { key, cert } = selfSigned('localhost');
  const served = new Map<string, number>();
  let host = '';
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, search } = new URL(request.url ?? '/', `https://${host}`);
    const route = routes.find((r) => matches(r.key, request.method ?? '', pathname));
    if (route === undefined) return refuse(404, 'Not Found');
    served.set(route.key, (served.get(route.key) ?? 0) + 1);
    const event = eventOf(request, route.key, pathname, search.slice(1), host, await buffer(request));
    const authorizer = await authorize(route, event);
    if (authorizer === null) return refuse(route.authorization === 'CUSTOM' ? 401 : 403, 'Unauthorized');
    event.requestContext.authorizer = authorizer;
    const fn = functions.get(route.function);
    if (fn === undefined) return refuse(503, `${route.function} is not running`);
    return (await fn.invoke(event)) as Answer;
  };
  const authorize = async (route: Route, event: ReturnType<typeof eventOf>): Promise<object | null> => {
    if (route.authorization === 'NONE') return {};
    const { authorization = '' } = event.headers;
    if (route.authorization === 'AWS_IAM')
      return authorization.startsWith('AWS4-HMAC-SHA256')
        ? { iam: { userArn: `arn:aws:iam::${account}:user/ann` } }
        : null;
    const verdict = (await functions.get(route.authorizer ?? '')?.invoke(event)) as
      | { isAuthorized: boolean; context?: object }
      | undefined;
    return verdict?.isAuthorized === true ? { lambda: verdict.context ?? {} } : null;
  };
  const server = createServer({ key, cert }, (request, response) => {
    answer(request)
      .catch((error: Error) => refuse(500, error.message))
      .then(({ statusCode, headers, body = '', isBase64Encoded }) => {
        response.writeHead(statusCode, headers);
        response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  host = `localhost:${(server.address() as AddressInfo).port}`;
  return {
    endpoint: `https://${host}`,
    certPem: cert,
    served,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const refuse = (statusCode: number, message: string): Answer => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
});

function matches(routeKey: string, method: string, path: string): boolean {
  const [routeMethod, routePath = ''] = routeKey.split(' ');
  if (routeMethod !== method) return false;
  const wanted = routePath.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i]);
}

function eventOf(
  request: IncomingMessage,
  routeKey: string,
  rawPath: string,
  rawQueryString: string,
  domainName: string,
  body: Buffer,
) {
  const method = request.method ?? 'GET';
  const isText = /^(application\/json|text\/)/.test(request.headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ) as Record<string, string>,
    requestContext: {
      accountId: account,
      apiId: 'api',
      domainName,
      domainPrefix: 'api',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'device' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
      authorizer: {} as object,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
