/** API Gateway events in, answers out; one Hono app serves Lambda and local mode. */

import type { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import type { HttpEnv } from '../../../app/http/identity.ts';
import type { LambdaControl } from './control.ts';
import type { Parts } from './parts.ts';

export type HttpHandler = (event: LambdaEvent, context: LambdaContext) => Promise<unknown>;

/** Arrival counts gathered within this time go out with the next answer; a frozen process keeps at most that much. */
const flushEveryMs = 1_000;

/** Handler of an HTTP API (payload 2.0) over the region's own app. */
export function createHttpHandler(parts: Parts, control: LambdaControl): HttpHandler {
  // Behind the gateway's authorizers the app needs nothing but the event, which Hono passes on as its bindings.
  const answer = handle(control.plane.http as Hono<HttpEnv>);
  return async (event, context) => {
    const { domainName } = event.requestContext as { domainName?: string };
    if (domainName !== undefined) control.setEndpoint(`https://${domainName}`);
    const response = await answer(event, context);
    await control.plane.flush(flushEveryMs).catch((error: unknown) => {
      parts.log.warn('arrivals not written, kept for the next time', { error: String(error) });
    });
    return response;
  };
}
