/**
 * Session tickets: one ticket serves many calls, so that the steady state pays a single round trip. A ticket in use is
 * renewed in the background well before it ends; one that nobody used meanwhile is let go. Tickets of the
 * other modes are for one call and are never kept. Lifetimes are relative and counted on the monotonic clock.
 */
import type { Candidate, Placed, PlacementRequest } from '../../../lib/ports/contracts/wire.ts';
import type { OaasEvents } from './api.ts';
import { backgroundTimer, monotonicMs } from './clock.ts';
import type { Closing } from './closing.ts';
import type { Emitter } from './emitter.ts';
import { type PlacementOutcome, place } from './placement.ts';
import type { Region, Regions } from './regions.ts';
import type { Transport } from './transport.ts';

/** What a ticket is for; equal specs share one. */
export type TicketSpec = Omit<PlacementRequest, 'localEstimateMs' | 'exclude' | 'method'>;

export interface Ticket {
  placed: Placed;
  region: Region;
  /** Monotonic time after which it is not used any more. */
  endsAtMs: number;
  issuedAtMs: number;
  uses: number;
}

export type TicketOutcome =
  | { kind: 'ticket'; ticket: Ticket; ms: number }
  | { kind: 'local'; detail: string; retryAfterMs: number | null; predictedMs: number | null }
  | Exclude<PlacementOutcome, { kind: 'answer' }>;

/** Fraction of its life after which a ticket is renewed, and after which it is not used any more. */
const renewAt = 0.6;
const endAt = 0.95;
const refreshAt = 0.1;
const refreshFloorMs = 1_000;
/** Under overload every call is refused; at most one of them per this time asks for a new ticket. */
const freshMs = 500;

interface Slot {
  spec: TicketSpec;
  ticket: Ticket | null;
  pending: Promise<TicketOutcome> | null;
  refreshing: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  route: { region: string; path: string } | null;
  /** Mode of the last ticket; null: none yet. */
  mode: Placed['mode'] | null;
  /** Usual duration of a placement, for the decision. */
  placementMs: number | null;
}

export class Tickets {
  readonly #slots = new Map<string, Slot>();
  readonly #slotOf = new WeakMap<TicketSpec, Slot>();
  readonly #closing: Closing;
  readonly #regions: Regions;
  readonly #transport: Transport;
  readonly #apiKey: string;
  readonly #events: Emitter<OaasEvents>;
  readonly #timeoutMs: number;
  readonly #warm: (ticket: Ticket) => void;

  /** @param options.warm called with a ticket that came in the background, before any call needs it */
  constructor(
    regions: Regions,
    transport: Transport,
    events: Emitter<OaasEvents>,
    options: { apiKey: string; timeoutMs: number; warm: (ticket: Ticket) => void; closing: Closing },
  ) {
    this.#regions = regions;
    this.#transport = transport;
    this.#events = events;
    this.#apiKey = options.apiKey;
    this.#timeoutMs = options.timeoutMs;
    this.#warm = options.warm;
    this.#closing = options.closing;
    this.#closing.onClose(() => {
      for (const slot of this.#slots.values()) clearTimeout(slot.timer);
      this.#slots.clear();
    });
  }

  /** A valid session ticket at hand, without asking anyone. */
  peek(spec: TicketSpec): Ticket | null {
    const ticket = this.#slot(spec).ticket;
    return ticket !== null && ticket.endsAtMs > monotonicMs() ? ticket : null;
  }

  placementMs(spec: TicketSpec): number | null {
    return this.#slot(spec).placementMs;
  }

  /** The ticket at hand, where one of its VMs is not excluded; without a promise, so that the steady state sends at once. */
  held(spec: TicketSpec, exclude: readonly string[]): Extract<TicketOutcome, { kind: 'ticket' }> | null {
    const ticket = this.peek(spec);
    if (ticket === null || ticket.placed.candidates.every((c) => exclude.includes(c.vmId))) return null;
    ticket.uses += 1;
    return { kind: 'ticket', ticket, ms: 0 };
  }

  /** The ticket at hand, or a new one. Concurrent callers share one placement where the answer can be shared. */
  async acquire(
    spec: TicketSpec,
    call: { method: string; localEstimateMs: number | null; exclude: readonly string[]; timeoutMs: number },
  ): Promise<TicketOutcome> {
    const slot = this.#slot(spec);
    const held = this.held(spec, call.exclude);
    if (held !== null) return held;
    const shareable = call.exclude.length === 0 && (slot.mode === null || slot.mode === 'session');
    if (slot.pending !== null && shareable) {
      const startMs = monotonicMs();
      const shared = await slot.pending;
      // A ticket for one call belongs to whoever asked; the others ask for their own below.
      if (shared.kind !== 'ticket') return shared;
      if (shared.ticket.placed.mode === 'session') {
        shared.ticket.uses += 1;
        return { ...shared, ms: monotonicMs() - startMs };
      }
    }
    const request: PlacementRequest = { ...spec, method: call.method };
    if (call.localEstimateMs !== null) request.localEstimateMs = call.localEstimateMs;
    if (call.exclude.length > 0) request.exclude = call.exclude.slice(-16);
    const pending = this.#issue(slot, request, Math.min(call.timeoutMs, this.#timeoutMs), false);
    if (shareable && slot.pending === null) slot.pending = pending;
    const outcome = await pending;
    if (slot.pending === pending) slot.pending = null;
    return outcome;
  }

  /** Asks for a session ticket in the background. */
  prefetch(spec: TicketSpec, method: string): void {
    const slot = this.#slot(spec);
    if (slot.ticket !== null || slot.pending !== null) return;
    const pending = this.#issue(slot, { ...spec, method }, this.#timeoutMs, false);
    slot.pending = pending;
    void pending.then((outcome) => {
      if (slot.pending === pending) slot.pending = null;
      if (outcome.kind === 'ticket') this.#warm(outcome.ticket);
    });
  }

  /**
   * Asks for a fresh ticket in the background, because the VMs of this one are crowded: there may be new ones. The
   * old one is used until then; a ticket is given a tenth of its life before it is doubted.
   */
  refresh(spec: TicketSpec): void {
    const slot = this.#slot(spec);
    const { ticket } = slot;
    if (ticket === null || slot.refreshing) return;
    const ageMs = monotonicMs() - ticket.issuedAtMs;
    if (ageMs < Math.max(refreshFloorMs, ticket.placed.expiresInMs * refreshAt)) return;
    slot.refreshing = true;
    void this.#renew(slot, ticket).finally(() => {
      slot.refreshing = false;
    });
  }

  /** Forgets a ticket that its VMs refused or that failed. */
  drop(spec: TicketSpec, ticket: Ticket): void {
    const slot = this.#slot(spec);
    if (slot.ticket === ticket) this.#keep(slot, null);
  }

  /** True when the ticket is so new that another placement would hardly name better VMs. */
  isFresh(ticket: Ticket): boolean {
    return monotonicMs() - ticket.issuedAtMs < freshMs;
  }

  #slot(spec: TicketSpec): Slot {
    // A method asks with the same object every time: the key is only made for a new one.
    const known = this.#slotOf.get(spec);
    if (known !== undefined) return known;
    const key = specKey(spec);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = {
        spec,
        ticket: null,
        pending: null,
        refreshing: false,
        timer: undefined,
        route: null,
        mode: null,
        placementMs: null,
      };
      this.#slots.set(key, slot);
    }
    this.#slotOf.set(spec, slot);
    return slot;
  }

  async #issue(slot: Slot, request: PlacementRequest, timeoutMs: number, renewal: boolean): Promise<TicketOutcome> {
    const call = { request, route: slot.route, timeoutMs, closing: this.#closing };
    const askedAtMs = monotonicMs();
    const outcome = await place(call, this.#regions, this.#transport, this.#apiKey);
    if (outcome.kind !== 'answer') return outcome;
    const { response, region } = outcome;
    if (response.decision === 'local') {
      return {
        kind: 'local',
        detail: response.detail,
        retryAfterMs: response.retryAfterMs,
        predictedMs: response.predictedMs,
      };
    }
    slot.route = { region: region.region, path: response.groupRoute };
    slot.mode = response.mode;
    slot.placementMs =
      slot.placementMs === null ? outcome.ms : slot.placementMs + 0.2 * (outcome.ms - slot.placementMs);
    // Counted from the question, so that a slow answer never makes a ticket look longer than it is.
    const endsAtMs = askedAtMs + response.expiresInMs * endAt;
    const ticket: Ticket = { placed: response, region, endsAtMs, issuedAtMs: monotonicMs(), uses: renewal ? 0 : 1 };
    this.#events.emit('ticket', {
      appId: request.appId,
      region: region.region,
      mode: response.mode,
      expiresInMs: response.expiresInMs,
      renewal,
      placementMs: outcome.ms,
    });
    if (response.mode === 'session' && !this.#closing.closed) this.#keep(slot, ticket);
    return { kind: 'ticket', ticket, ms: monotonicMs() - askedAtMs };
  }

  #keep(slot: Slot, ticket: Ticket | null): void {
    clearTimeout(slot.timer);
    slot.ticket = ticket;
    if (ticket === null) return;
    slot.timer = backgroundTimer(() => void this.#renew(slot, ticket), ticket.placed.expiresInMs * renewAt);
  }

  async #renew(slot: Slot, ticket: Ticket): Promise<void> {
    if (slot.ticket !== ticket || ticket.uses === 0) return;
    const outcome = await this.#issue(slot, { ...slot.spec }, this.#timeoutMs, true);
    if (outcome.kind === 'ticket') {
      this.#warm(outcome.ticket);
      return;
    }
    const leftMs = ticket.endsAtMs - monotonicMs();
    if (leftMs < 1_000 || this.#closing.closed || slot.ticket !== ticket) return;
    slot.timer = backgroundTimer(() => void this.#renew(slot, ticket), leftMs / 3);
  }
}

/** Order of a ticket's candidates for one call: the network's distance plus this client's own load there. */
export function rankCandidates(
  candidates: readonly Candidate[],
  inFlight: ReadonlyMap<string, number>,
  runMs: number,
): Candidate[] {
  if (candidates.length === 1) return [...candidates];
  const score = (c: Candidate) => c.networkMs + (inFlight.get(c.vmId) ?? 0) * runMs;
  return candidates
    .map((candidate, order) => ({ candidate, order, score: score(candidate) }))
    .sort((a, b) => a.score - b.score || a.order - b.order)
    .map((entry) => entry.candidate);
}

function specKey(spec: TicketSpec): string {
  const r = spec.requirements;
  return [spec.appId, spec.slaId, spec.acceleration, r?.runtime, r?.os, r?.memoryMiB, r?.vcpus].join('|');
}
