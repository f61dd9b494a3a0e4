import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Problem } from '../../ports/contracts/problem.ts';

/** Answers with an RFC 9457 document; `retryAfterMs` becomes Retry-After, in whole seconds as HTTP has it. */
export function sendProblem(c: Context, document: Problem): Response {
  if (document.retryAfterMs !== undefined) c.header('retry-after', String(Math.ceil(document.retryAfterMs / 1000)));
  return c.body(JSON.stringify(document), document.status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
  });
}
