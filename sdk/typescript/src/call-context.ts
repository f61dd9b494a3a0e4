import type { Attempt, CallTimings, Detailed, OaasEvents, OffloadOptions, Reason } from './api.ts';
import type { CancelSignal } from './cancellation.ts';
import type { Closing } from './closing.ts';
import type { Emitter } from './emitter.ts';
import { OffloadError } from './errors.ts';
import type { HistoryHost, MethodHistory } from './method-history.ts';
import type { RemoteCall, RemoteOutcome } from './remote.ts';
import type { TicketSpec, Tickets } from './tickets.ts';

/** What a method needs of the instance it was declared on. */
export interface MethodHost extends HistoryHost {
  readonly tickets: Tickets;
  readonly events: Emitter<OaasEvents>;
  readonly closing: Closing;
  run(call: RemoteCall): Promise<RemoteOutcome>;
}

/** One call on its way. */
export interface Call<A, S> {
  args: A;
  /** See `OffloadOptions.sizeOf`; '' without it. */
  size: string;
  state: S | undefined;
  requestId: string;
  startMs: number;
  endsAtMs: number;
  /** The same for a run on the device, which has no end unless the caller set one: it may be the only way out. */
  localEndsAtMs: number;
  signal: CancelSignal;
  /** The caller asked for remote: the region is not to weigh it against the device. */
  forced: boolean;
  attempts: Attempt[];
}

/** How it ended. */
export interface Settled<R, S> {
  result: R;
  state: S | undefined;
  ranOn: Detailed<R, S>['ranOn'];
  timings: Omit<CallTimings, 'totalMs'>;
  /** Set when something overruled the decision. */
  reason?: Reason;
  cause?: string;
}

/** What the sides of one method share. */
export class MethodContext {
  readonly host: MethodHost;
  readonly spec: TicketSpec;
  readonly name: string;
  readonly options: OffloadOptions;
  readonly history: MethodHistory;

  constructor(parts: Pick<MethodContext, 'host' | 'spec' | 'name' | 'options' | 'history'>) {
    this.host = parts.host;
    this.spec = parts.spec;
    this.name = parts.name;
    this.options = parts.options;
    this.history = parts.history;
  }

  get idempotent(): boolean {
    return this.options.idempotent ?? false;
  }

  /** For messages. */
  get what(): string {
    return `${this.spec.appId}.${this.name}`;
  }

  attempted(call: Call<unknown, unknown>, attempt: Attempt): void {
    call.attempts.push(attempt);
    const { requestId } = call;
    this.host.events.emit('attempt', { appId: this.spec.appId, method: this.name, requestId, attempt });
  }

  fallsBack(call: Call<unknown, unknown>, cause: string): void {
    const { requestId } = call;
    this.host.events.emit('fallback', { appId: this.spec.appId, method: this.name, requestId, cause });
  }

  aborted(): OffloadError {
    return this.host.closing.closed
      ? new OffloadError('closed', 'the OaaS instance was closed during the call')
      : new OffloadError('aborted', 'aborted by the caller');
  }
}
