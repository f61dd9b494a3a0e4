import type { Context, MiddlewareHandler } from 'hono';
import { problem } from '../problem.ts';
import { sendProblem } from './send.ts';

/** Who calls. Devices place and run tasks, admins configure, agents fetch bundles, the live page of local mode looks on. */
export type Scope = 'device' | 'admin' | 'agent' | 'page';

export interface Identity {
  scope: Scope;
  /** Stable name of the caller: key id, IAM principal, token subject. */
  principal: string;
}

/** Given by the adapter: bearer keys on one machine, the API's authorizer on AWS. Null: not known. */
export type Authenticate = (context: Context) => Identity | null | Promise<Identity | null>;

export interface HttpEnv {
  Variables: { identity: Identity };
}

/** Lets only these scopes through: 401 without a known key, 403 with one of another scope. */
export function requireScope(authenticate: Authenticate, ...scopes: Scope[]): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const identity = await authenticate(c);
    if (identity === null) {
      const sent =
        c.req.header('authorization') === undefined
          ? 'no Authorization header was sent'
          : 'the key sent is not known here';
      c.header('www-authenticate', 'Bearer');
      return sendProblem(
        c,
        problem(
          'unauthenticated',
          `${sent}; send "Authorization: Bearer KEY" with a key of scope ${scopes.join(' or ')}`,
        ),
      );
    }
    if (!scopes.includes(identity.scope)) {
      return sendProblem(
        c,
        problem(
          'forbidden',
          `a ${identity.scope} key may not ${c.req.method} ${c.req.path.slice(0, 200)}; use a key of scope ${scopes.join(' or ')}`,
        ),
      );
    }
    c.set('identity', identity);
    return next();
  };
}
