import type { CancelSignal } from './cancellation.ts';

/** Where an agent is and how it proves who it is. */
export interface SurrogateAddress {
  /** Server name in its certificate. */
  vmId: string;
  url: string;
  certPem: string;
}

/** What one HTTP exchange came to; nothing here throws. */
export type Exchange =
  | { ok: true; status: number; body: string; retryAfterMs: number | null; bytes: number }
  | {
      ok: false;
      /** False only when it is certain that the peer saw no byte of the request. */
      sent: boolean;
      /** `timeout` before anything was sent: the peer did not even shake hands in time. */
      kind: 'timeout' | 'aborted' | 'network';
      detail: string;
    };

export interface ExchangeRequest {
  method: 'GET' | 'POST';
  body?: string;
  /** Bearer token. */
  bearer?: string;
  /** For the whole exchange. */
  timeoutMs: number;
  signal?: CancelSignal;
}

/** How the SDK reaches the world; one for Node, one for `fetch`. */
export interface Transport {
  /** Whether `surrogate` works here (a certificate can be pinned). */
  readonly direct: boolean;
  /** To a regional endpoint; `url` is absolute. */
  control(url: string, request: ExchangeRequest): Promise<Exchange>;
  /** To an agent, over TLS that trusts only that certificate. */
  surrogate(address: SurrogateAddress, path: string, request: ExchangeRequest): Promise<Exchange>;
  close(): void;
}

/** `Retry-After` in ms; the date form is ignored because a device's clock is not trusted. */
export function retryAfterMs(header: string | null | undefined): number | null {
  if (header === null || header === undefined || !/^\d+(\.\d+)?$/.test(header)) return null;
  return Number(header) * 1000;
}
