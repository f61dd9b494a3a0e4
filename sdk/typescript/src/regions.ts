/**
 * Which regional endpoint to ask: the one with the least measured round trip among those thought to be up.
 *
 * Lifecycle: measured once at the start (`ready` resolves with the first answer, plus a moment for a nearer one),
 * then in the background. A region that fails a request goes behind all others at once and comes back with the first
 * successful measurement; with every region down all are still tried, because being wrong about that costs more.
 */
import type { RegionsResponse } from '../../../lib/ports/contracts/wire.ts';
import type { Endpoint, OaasEvents } from './api.ts';
import { Cancellation } from './cancellation.ts';
import { backgroundTimer, monotonicMs, sleep } from './clock.ts';
import type { Emitter } from './emitter.ts';
import { ewmaWeight } from './estimators.ts';
import type { Transport } from './transport.ts';
import { isSuccess, parseJson, paths } from './wire.ts';

const pingTimeoutMs = 1_000;
/** The first ping of a probe pays for the connection; the least of the others counts. */
const firstProbePings = 3;

export interface Region extends Endpoint {
  rttMs: number | null;
  down: boolean;
  /** Named by the caller; else the endpoint itself says which region it is. */
  named: boolean;
  /** Monotonic time of the last answer. */
  lastAnswerMs: number | null;
}

export interface RegionsOptions {
  endpoints: readonly (string | Endpoint)[];
  regionsUrl: string | undefined;
  apiKey: string;
  probeIntervalMs: number;
}

export class Regions {
  readonly ready: Promise<void>;
  #regions: Region[];
  #chosen: Region | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = new Cancellation();
  readonly #options: RegionsOptions;
  readonly #transport: Transport;
  readonly #events: Emitter<OaasEvents>;

  constructor(options: RegionsOptions, transport: Transport, events: Emitter<OaasEvents>) {
    this.#options = options;
    this.#transport = transport;
    this.#events = events;
    this.#regions = options.endpoints.map(toRegion);
    this.ready = this.#start();
  }

  /** Nearest first, those thought to be down last. */
  ordered(): Region[] {
    const rank = (r: Region) => r.rttMs ?? Number.MAX_VALUE;
    return [...this.#regions].sort((a, b) => Number(a.down) - Number(b.down) || rank(a) - rank(b));
  }

  markDown(region: Region): void {
    if (region.down) return;
    region.down = true;
    this.#events.emit('region', { region: region.region, url: region.url, state: 'down', rttMs: region.rttMs });
    this.#schedule(Math.min(this.#options.probeIntervalMs, 2_000));
  }

  markUp(region: Region): void {
    region.lastAnswerMs = monotonicMs();
    if (!region.down) return;
    region.down = false;
    this.#events.emit('region', { region: region.region, url: region.url, state: 'up', rttMs: region.rttMs });
  }

  /** Waits for the first measurement of the regions, but not for those that stay silent. */
  async readyWithin(limitMs: number): Promise<void> {
    const waited = new Cancellation();
    await Promise.race([this.ready, sleep(limitMs, waited)]);
    waited.abort();
  }

  /** One round trip to the region, to tell whether it is there. */
  async ping(region: Region): Promise<boolean> {
    const startMs = monotonicMs();
    const reply = await this.#transport.control(region.url + paths.ping, {
      method: 'GET',
      bearer: this.#options.apiKey,
      timeoutMs: pingTimeoutMs,
      signal: this.#abort,
    });
    if (!reply.ok || reply.status >= 500) {
      if (!this.#abort.aborted) this.markDown(region);
      return false;
    }
    const rttMs = monotonicMs() - startMs;
    region.rttMs =
      region.rttMs === null || rttMs < region.rttMs ? rttMs : region.rttMs + ewmaWeight * (rttMs - region.rttMs);
    if (!region.named) {
      const { region: name } = (parseJson(reply.body) ?? {}) as { region?: unknown };
      if (typeof name === 'string') region.region = name;
    }
    this.markUp(region);
    return true;
  }

  /** The device is on another network: what was measured says nothing of it. */
  networkChanged(): void {
    for (const region of this.#regions) region.rttMs = null;
    void this.#probe();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #start(): Promise<void> {
    if (this.#regions.length === 0) await this.#discover();
    // Ends with the first region that answered, plus as long again for a nearer one that was asked at the same time.
    await new Promise<void>((resolve) => {
      const probes = this.#regions.map(async (region) => {
        for (let i = 0; i < firstProbePings; i += 1) if (!(await this.ping(region))) return;
        backgroundTimer(resolve, Math.max(10, region.rttMs ?? 0));
      });
      void Promise.all(probes).then(() => resolve());
    });
    this.#choose();
    this.#schedule(this.#options.probeIntervalMs);
  }

  async #discover(): Promise<void> {
    const { regionsUrl, apiKey } = this.#options;
    if (regionsUrl === undefined) return;
    const url = regionsUrl.endsWith(paths.regions) ? regionsUrl : regionsUrl.replace(/\/$/, '') + paths.regions;
    const reply = await this.#transport.control(url, {
      method: 'GET',
      bearer: apiKey,
      timeoutMs: 2 * pingTimeoutMs,
      signal: this.#abort,
    });
    const listed = reply.ok && isSuccess(reply) ? (parseJson(reply.body) as RegionsResponse | undefined) : undefined;
    if (Array.isArray(listed?.regions)) {
      this.#regions = listed.regions
        .filter((r) => typeof r?.id === 'string' && typeof r.endpoint === 'string')
        .map((r) => toRegion({ region: r.id, url: r.endpoint }));
      if (this.#regions.length > 0) return;
    }
    const cause = !reply.ok ? reply.detail : isSuccess(reply) ? 'the answer names none' : `status ${reply.status}`;
    this.#events.emit('error', { message: `cannot list the regions at ${url}: ${cause}`, cause: reply });
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#abort.aborted || delayMs <= 0) return;
    this.#timer = backgroundTimer(() => void this.#probe(), delayMs);
  }

  async #probe(): Promise<void> {
    if (this.#regions.length === 0) await this.#discover();
    await Promise.all(this.#regions.map((region) => this.ping(region)));
    this.#choose();
    const { probeIntervalMs } = this.#options;
    this.#schedule(this.#regions.some((r) => r.down) ? Math.min(probeIntervalMs, 2_000) : probeIntervalMs);
  }

  #choose(): void {
    const best = this.ordered()[0];
    if (best === undefined || best === this.#chosen || best.down) return;
    this.#chosen = best;
    this.#events.emit('region', { region: best.region, url: best.url, state: 'chosen', rttMs: best.rttMs });
  }
}

function toRegion(endpoint: string | Endpoint): Region {
  const named = typeof endpoint !== 'string';
  // Not by `URL`, whose parts React Native does not tell.
  const { region, url } = named ? endpoint : { region: endpoint.split('/')[2] ?? endpoint, url: endpoint };
  return { region, url: url.replace(/\/$/, ''), rttMs: null, down: false, named, lastAnswerMs: null };
}
