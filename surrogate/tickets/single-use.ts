import { type TicketClaims, ticketLeewayS } from '../../lib/ports/contracts/ticket.ts';
import { SeenIds } from './seen.ts';

/**
 * Where single-use tickets stand, each remembered until it has expired. A ticket's first candidate is the one place that decides: the
 * others take it only when the first says that it is theirs, so that it opens one VM however many it is sent to at once.
 *
 * new ──presented here──► spent ──refused before anything ran──► refused ──an alternate asks──► handed over (once)
 * new ──an alternate asks──► handed over
 */
export class SingleUseTickets {
  readonly #spent = new SeenIds();
  readonly #refused = new SeenIds();

  /** True the first time: the ticket is spent then, whatever becomes of the request. */
  spend(claims: TicketClaims, nowMs: number): boolean {
    return this.#spent.add(claims.jti, endMs(claims), nowMs);
  }

  /** The request was refused before anything ran: an alternate may have the ticket. */
  refused(claims: TicketClaims, nowMs: number): void {
    this.#refused.add(claims.jti, endMs(claims), nowMs);
  }

  /** True once, if the ticket did not run here and never will. */
  handOver(claims: TicketClaims, nowMs: number): boolean {
    return this.#refused.delete(claims.jti) || this.#spent.add(claims.jti, endMs(claims), nowMs);
  }
}

/** Server time from which a ticket opens nothing any more, the leeway of clocks included. */
const endMs = ({ exp }: Pick<TicketClaims, 'exp'>): number => (exp + ticketLeewayS + 1) * 1000;

/** A request id is remembered at least this long after it was accepted. */
const dedupeMs = 600_000;

/** Server time until which the id of a request accepted now is remembered: no shorter than its session ticket opens this VM. */
export const requestIdEndMs = (claims: Pick<TicketClaims, 'exp'>, nowMs: number): number =>
  Math.max(nowMs + dedupeMs, endMs(claims));
