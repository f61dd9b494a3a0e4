import type { IncomingMessage } from 'node:http';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import { headers } from '../../lib/ports/contracts/wire.ts';
import type { NextVm } from './pinned-peers.ts';

/** The VMs that handed this request on, as far as its ticket knows them. */
export function hopsOf(request: IncomingMessage, claims: TicketClaims): string[] {
  const header = request.headers[headers.hops];
  if (typeof header !== 'string') return [];
  return header.split(',', 32).filter((id) => claims.vms.some((vm) => vm.id === id));
}

/** Session mode: the ticket's other VMs that have not seen the request, those after this one first. */
export function nextVms(claims: TicketClaims, hops: readonly string[], vmId: string): NextVm[] {
  if (claims.mode !== 'session' || claims.vms.length < 2) return [];
  const own = claims.vms.findIndex((vm) => vm.id === vmId);
  const order = [...claims.vms.slice(own + 1), ...claims.vms.slice(0, own)];
  return order.filter((vm) => vm.id !== vmId && !hops.includes(vm.id));
}
