import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from '../../lib/ports/contracts/problem.ts';

/** Bodies up to this size are let in and dropped after a refusal, so that the connection can be used again. */
const dropBytes = 262_144;

/** An id may be any text, a header may not: line breaks in it would end the process. Its body has the id in any case. */
const fitsHeader = /^[\x20-\x7e]*$/;

export function sendJson(response: ServerResponse, status: number, body: string, requestId?: string): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  if (requestId !== undefined && fitsHeader.test(requestId)) headers['oaas-request-id'] = requestId;
  response.writeHead(status, headers);
  response.end(body);
}

/** Answers with a problem document. A connection with a large or endless body still to come is closed. */
export function sendProblem(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(problem);
  const headers: Record<string, string | number> = {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  };
  if (problem.retryAfterMs !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(problem.retryAfterMs / 1000));
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer';
  if (!request.complete && !isSmall(request)) headers.connection = 'close';
  response.writeHead(problem.status, headers);
  response.end(body);
}

function isSmall(request: IncomingMessage): boolean {
  return (
    request.headers['transfer-encoding'] === undefined && Number(request.headers['content-length'] ?? 0) <= dropBytes
  );
}
