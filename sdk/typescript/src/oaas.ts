import type {
  ArgumentsOf,
  Endpoint,
  LocalImplementation,
  OaasEvents,
  OaasOptions,
  Offloaded,
  OffloadOptions,
  PowerProfile,
} from './api.ts';
import type { MethodHost } from './call-context.ts';
import { monotonicMs } from './clock.ts';
import { Closing } from './closing.ts';
import { CostModel } from './cost-model.ts';
import { Emitter } from './emitter.ts';
import { Method } from './method.ts';
import { checkOffload, checkOptions } from './options.ts';
import { runProxied } from './proxy.ts';
import { Regions } from './regions.ts';
import { runDirect } from './remote.ts';
import { linkName, Surrogates } from './surrogates.ts';
import { type Ticket, Tickets } from './tickets.ts';
import type { Transport } from './transport.ts';
import { paths } from './wire.ts';

/** Kumar and Lu 2010, see decide.ts. */
const defaultPower: PowerProfile = { computeW: 0.9, transferW: 1.3, idleW: 0.3 };
const defaultPlacementTimeoutMs = 1_800;
const defaultProbeIntervalMs = 30_000;

/** The transport of the runtime; set by the entry of the package that was loaded. */
export type TransportFactory = () => Transport;

/**
 * A client of one OaaS system.
 *
 * Lifecycle: measures the regions when created, keeps tickets renewed while they are used, and holds nothing that
 * keeps a process alive by itself except open connections: call `close()` when done.
 */
export class OaasClient {
  readonly #events = new Emitter<OaasEvents>();
  readonly #closing = new Closing();
  readonly #transport: Transport;
  readonly #regions: Regions;
  readonly #tickets: Tickets;
  readonly #host: MethodHost;

  /** @throws TypeError on options that cannot work, naming the value and the fix */
  constructor(options: OaasOptions, createTransport: TransportFactory) {
    checkOptions(options);
    this.#transport = createTransport();
    const route = options.route ?? (this.#transport.direct ? 'direct' : 'proxy');
    if (route === 'direct' && !this.#transport.direct) {
      this.#transport.close();
      throw new TypeError("route 'direct' needs Node.js (this runtime cannot pin a certificate); use 'proxy'");
    }
    const { apiKey } = options;
    this.#regions = new Regions(
      {
        endpoints: options.endpoints ?? [],
        regionsUrl: options.regionsUrl,
        apiKey,
        probeIntervalMs: options.probeIntervalMs ?? defaultProbeIntervalMs,
      },
      this.#transport,
      this.#events,
    );
    const timeoutMs = options.placementTimeoutMs ?? defaultPlacementTimeoutMs;
    const surrogates = new Surrogates();
    const warm = (ticket: Ticket) => void this.#warm(ticket, surrogates);
    this.#tickets = new Tickets(this.#regions, this.#transport, this.#events, {
      apiKey,
      timeoutMs,
      warm,
      closing: this.#closing,
    });
    const parts = { tickets: this.#tickets, surrogates, transport: this.#transport };
    const proxyParts = { regions: this.#regions, transport: this.#transport, apiKey, timeoutMs };
    this.#host = {
      events: this.#events,
      tickets: this.#tickets,
      surrogates,
      costs: new CostModel(),
      energyWeight: options.energyWeight ?? 0,
      power: options.power ?? defaultPower,
      closing: this.#closing,
      route,
      network: options.network === undefined ? () => '' : this.#following(options.network),
      regionRttMs: () => this.#regions.ordered()[0]?.rttMs ?? null,
      run: (call) => (route === 'direct' ? runDirect(call, parts) : runProxied(call, proxyParts)),
    };
  }

  /**
   * Declares a method of a registered app.
   *
   * @param local the same function on the device; null when it can only run remotely
   * @returns a function to call in its place: `await solve(args)`, or `solve.detailed(args)`
   */
  offload<P extends readonly unknown[], R>(
    appId: string,
    method: string,
    local: (...args: P) => R | Promise<R>,
    options?: OffloadOptions,
  ): Offloaded<ArgumentsOf<P>, R>;
  /** The same with the types of arguments, result and state given, for methods with state or without local code. */
  offload<A, R, S = unknown>(
    appId: string,
    method: string,
    local: LocalImplementation<R> | null,
    options?: OffloadOptions,
  ): Offloaded<A, R, S>;
  offload<A, R, S>(
    appId: string,
    method: string,
    local: LocalImplementation<R> | null,
    options: OffloadOptions = {},
  ): Offloaded<A, R, S> {
    checkOffload(appId, method, local, options);
    const declared = new Method<A, R, S>(this.#host, appId, method, local, options);
    const wanted = options.prefetch !== false && options.prefer !== 'local';
    if (wanted && this.#host.route === 'direct' && !this.#closing.closed) {
      this.#tickets.prefetch(declared.spec, method);
    }
    const run: Offloaded<A, R, S> = Object.assign(
      async (args: A, callOptions?: Parameters<Offloaded<A, R, S>>[1]) =>
        (await declared.call(args, callOptions)).result,
      { detailed: (args: A, callOptions?: Parameters<Offloaded<A, R, S>>[1]) => declared.call(args, callOptions) },
    );
    return run;
  }

  /** Tells the network, and has the regions measured again when it has changed. */
  #following(name: () => string): () => string {
    let last: string | null = null;
    return () => {
      const now = name();
      if (last !== null && now !== last) this.#regions.networkChanged();
      last = now;
      return now;
    };
  }

  /** Opens the connection that the next call will use, and measures the link by it. */
  async #warm(ticket: Ticket, surrogates: Surrogates): Promise<void> {
    const candidate = ticket.placed.candidates[0]!;
    const ping = async () => {
      const startMs = monotonicMs();
      const reply = await this.#transport.surrogate(candidate, paths.ping, { method: 'GET', timeoutMs: 2_000 });
      return reply.ok ? monotonicMs() - startMs : null;
    };
    // The first pays for the handshake, the second is the link.
    if ((await ping()) === null || this.#closing.closed) return;
    const rttMs = await ping();
    if (rttMs !== null) surrogates.link(linkName(this.#host.network(), candidate.vmId)).add(rttMs, 0, monotonicMs());
  }

  /** Resolves when the regions were measured for the first time; calls wait for it by themselves. */
  ready(): Promise<void> {
    return this.#regions.ready;
  }

  /** Regions in the order in which they would be asked now. */
  regions(): (Endpoint & { rttMs: number | null; down: boolean })[] {
    return this.#regions.ordered().map(({ region, url, rttMs, down }) => ({ region, url, rttMs, down }));
  }

  /** Listens to an event. @returns a function that stops listening */
  on<K extends keyof OaasEvents>(type: K, listener: (event: OaasEvents[K]) => void): () => void {
    return this.#events.on(type, listener);
  }

  /** Like `on`, for the next event only. */
  once<K extends keyof OaasEvents>(type: K, listener: (event: OaasEvents[K]) => void): () => void {
    return this.#events.once(type, listener);
  }

  /** Ends background work and connections; calls in progress reject with code `closed`. Safe to repeat. */
  close(): void {
    if (this.#closing.closed) return;
    this.#closing.close();
    this.#regions.close();
    this.#transport.close();
    this.#events.clear();
  }
}
