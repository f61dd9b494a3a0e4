import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { Identity, Scope } from '../../app/http/identity.ts';

export interface BearerKey {
  /** Names the principal; never secret. */
  id: string;
  scope: Scope;
  token: string;
}

/** Bearer keys of local mode. Looked up by digest, so that the time it takes says nothing about a wrong token. */
export function createBearerAuth(keys: readonly BearerKey[]): (context: Context) => Identity | null {
  const byDigest = new Map(keys.map(({ id, scope, token }) => [digest(token), { scope, principal: id }]));
  return (context) => {
    const header = context.req.header('authorization');
    const token = header === undefined ? undefined : /^Bearer ([\w.~+/=-]+)$/i.exec(header)?.[1];
    return token === undefined ? null : (byDigest.get(digest(token)) ?? null);
  };
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
