/**
 * The public types of the SDK. Nothing here imports anything outside this folder, so that the built package's
 * declarations stand alone.
 */
import type { DecisionCode } from './decide.ts';

/** A regional endpoint, e.g. `{ region: 'eu-central-1', url: 'https://eu.example.org' }`. */
export interface Endpoint {
  region: string;
  url: string;
}

/** Power of the device in watts; only their ratios matter. */
export interface PowerProfile {
  /** Computing. */
  computeW: number;
  /** Sending or receiving. */
  transferW: number;
  /** Waiting for an answer. */
  idleW: number;
}

export interface OaasOptions {
  /** Regional endpoints; a plain URL is its own region name until the endpoint says otherwise. */
  endpoints?: readonly (string | Endpoint)[];
  /** Any endpoint (or its `/v1/regions` URL) that lists all regions; used when `endpoints` is absent. */
  regionsUrl?: string;
  /** Device key, sent as bearer token to regional endpoints only. */
  apiKey: string;
  /**
   * `direct`: ticket, then the task straight to the surrogate over TLS pinned to its certificate (Node only).
   * `proxy`: one call to the region, which forwards it (browsers and React Native). Default: direct where possible.
   */
  route?: 'direct' | 'proxy';
  /** 0 (default): only time counts. 1: only the device's energy counts. */
  energyWeight?: number;
  power?: PowerProfile;
  /**
   * Names the network in use, e.g. 'wifi' or 'cellular', where the platform tells. Each has its own round trips and bandwidth, so
   * that a device that leaves home need not unlearn; the regions are measured anew when it changes.
   */
  network?: () => string;
  /** How long a region may stay silent before the next one is asked as well, and in total, in ms. */
  placementTimeoutMs?: number;
  /** Time between background measurements of the regions, in ms; 0 turns them off. Default 30,000. */
  probeIntervalMs?: number;
}

/** What a local implementation gets after the arguments. `state` is read and may be replaced by the function. */
export interface LocalContext<S> {
  state: S | undefined;
  /** Fires when the result is no longer wanted. */
  readonly signal: AbortSignal;
}

/**
 * Runs the method on the device: the same code that the bundle carries (homogeneous model), called the same way as on a
 * surrogate. Arguments that are an array are spread, anything else is the only argument; a `LocalContext` comes last.
 */
export type LocalImplementation<R> = (...argsAndContext: never[]) => R | Promise<R>;

/** What `solve` takes for a function with parameters P: all of them as an array, or the only one that it needs as it is. */
export type ArgumentsOf<P extends readonly unknown[]> =
  | P
  | (P extends readonly [infer First, ...infer Rest]
      ? [] extends Rest
        ? First extends readonly unknown[]
          ? never
          : First
        : never
      : never);

export interface OffloadOptions {
  /** Agreement to ask for; absent: the app's default. */
  slaId?: string;
  /** Least VM speed per core relative to the reference core. */
  acceleration?: number;
  /** Overrides the manifest's requirements, upwards only. */
  requirements?: { runtime?: 'node' | 'jvm' | 'art'; os?: string; memoryMiB?: number; vcpus?: number };
  /** Only then is a call whose outcome is unknown run again (elsewhere or on the device). Default false. */
  idempotent?: boolean;
  /** Whole time the caller is willing to wait, in ms. Default 30,000. */
  deadlineMs?: number;
  /** `auto` (default) decides per call; the others force a side, `remote` still falls back to local on failure. */
  prefer?: 'auto' | 'local' | 'remote';
  /** Estimate of the local time in ms before anything was measured. */
  localEstimateMs?: number;
  /**
   * Names what makes calls of this method long or short, e.g. the search depth: `(args) => args[1]`. Calls with the same
   * answer are measured together, others apart; at most 64 answers are remembered.
   */
  sizeOf?: (args: unknown) => string | number;
  /** Runs of the method that the device can do at once without slowing down. Default 1 (a JavaScript thread). */
  localParallelism?: number;
  /**
   * The local implementation leaves the calling thread free (a worker, a native module). An idempotent method may then run
   * on both sides at once, when it is open which is faster; the first result counts. Default false: JavaScript blocks.
   */
  localRunsAside?: boolean;
  /** Ask for a session ticket as soon as the method is declared. Default true. */
  prefetch?: boolean;
  /** Measure the side that is losing now and then, in case it has changed. Default true. */
  explore?: boolean;
}

export interface CallOptions<S> {
  state?: S;
  /** Overrides the method's deadline for this call, in ms. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** Overrides the method's `prefer` for this call. */
  prefer?: 'auto' | 'local' | 'remote';
  /** Caller's own id of the logical request, at most 64 characters; an agent runs an id at most once. */
  requestId?: string;
}

/** Why a call ran where it ran: the decision's code, or what overruled it. */
export type Reason =
  | DecisionCode
  | 'forced-local'
  | 'forced-remote'
  | 'region-says-local'
  | 'fallback'
  | 'deadline-threatened'
  | 'answer-late';

/** Milliseconds on the device's monotonic clock, except those reported by the surrogate on its own. */
export interface CallTimings {
  /** T1: placement; 0 when a session ticket was at hand. */
  t1Ms: number;
  /** T2: device to surrogate and back without queueing, running and hand-off (proxy: front-end to surrogate). */
  t2Ms: number;
  /** Tcloud: running on the surrogate. */
  cloudMs: number;
  /** Waiting on the surrogate for one of its N places. */
  queueMs: number;
  /** Handing on between surrogates. */
  handoffMs: number;
  /** Running on the device, 0 for a remote result. */
  localMs: number;
  /** Call to result, everything included. */
  totalMs: number;
}

/** One try of a call. */
export interface Attempt {
  where: 'local' | 'remote';
  /** VM id, `proxy`, or `device`. */
  target: string;
  region: string | null;
  outcome: 'ok' | 'refused' | 'not-sent' | 'unknown' | 'failed' | 'abandoned';
  /** Problem type or error of the try, e.g. `saturated`. */
  detail: string | null;
  ms: number;
}

export interface Detailed<R, S> {
  result: R;
  /** New state; undefined when the method keeps none. */
  state: S | undefined;
  ranOn: { where: 'local' } | { where: 'remote'; region: string; vmId: string; hops: readonly string[] };
  reason: Reason;
  /** The same for people, with the numbers that decided. */
  why: string;
  timings: CallTimings;
  attempts: readonly Attempt[];
  requestId: string;
}

/** A declared method: call it like the function it stands for. */
export interface Offloaded<A, R, S = unknown> {
  (args: A, options?: CallOptions<S>): Promise<R>;
  /** The same with state, timings and the reason of where it ran. */
  detailed(args: A, options?: CallOptions<S>): Promise<Detailed<R, S>>;
}

/** Events of an `OaaS` instance, for logs and meters. Listeners must not throw; what they throw is dropped. */
export interface OaasEvents {
  /** A region was chosen, or is thought to be down. */
  region: { region: string; url: string; state: 'chosen' | 'up' | 'down'; rttMs: number | null };
  /** A ticket was issued (`renewal`: in the background). */
  ticket: { appId: string; region: string; mode: string; expiresInMs: number; renewal: boolean; placementMs: number };
  attempt: { appId: string; method: string; requestId: string; attempt: Attempt };
  fallback: { appId: string; method: string; requestId: string; cause: string };
  result: { appId: string; method: string; requestId: string; reason: Reason; timings: CallTimings };
  /** Something failed in the background or for good. */
  error: { message: string; cause: unknown };
}
