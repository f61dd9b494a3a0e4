import type { IncomingMessage } from 'node:http';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';

/** The token of `Authorization: Bearer`; null: there is none. */
export function bearer(request: IncomingMessage): string | null {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) return null;
  return header.slice(7).trim();
}

/** Header of the bench's open mode: the digest of the app to run. */
const openAppHeader = 'oaas-app';

/** Bench only: what a request without any ticket is taken to hold. */
export function openClaims(request: IncomingMessage): TicketClaims {
  const digest = String(request.headers[openAppHeader] ?? '');
  return {
    iss: '',
    sub: 'open',
    aud: ['open'],
    jti: '',
    iat: 0,
    exp: 0,
    mode: 'snapshot',
    pool: '',
    app: { id: '', digest },
    vms: [],
  };
}
