/**
 * One device's way to the world: the connections are shared by all simulated devices, the link's delay and bandwidth are its
 * own. Half of the round trip passes before the request leaves and half after the answer came.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  Exchange,
  ExchangeRequest,
  SurrogateAddress,
  Transport,
} from '../../../../sdk/typescript/src/transport.ts';
import type { ExponentialStream } from '../../../simulator/engine/rng.ts';
import { bytesPerMs, type Link } from '../../../simulator/population/device-classes.ts';

/** What the last task's exchange came to, as far as the SDK's result does not say it. */
export interface TaskExchange {
  rttMs: number;
  transferMs: number;
  upBytes: number;
  downBytes: number;
  cpuMs: number;
  serverMs: number;
}

/** Headers of a request or answer, about. */
const headerBytes = 250;

export class LinkTransport implements Transport {
  readonly direct = true;
  link: Link;
  /** Of the last task answered; null: none since it was cleared. */
  lastTask: TaskExchange | null = null;
  /** Of the last placement; 0: none. */
  predictedMs = 0;
  readonly #shared: Transport;
  readonly #rttFactor: () => number;
  readonly #jitter: ExponentialStream;

  constructor(shared: Transport, link: Link, rttFactor: (link: Link) => number, jitter: ExponentialStream) {
    this.#shared = shared;
    this.link = link;
    this.#rttFactor = () => rttFactor(this.link);
    this.#jitter = jitter;
  }

  async control(url: string, request: ExchangeRequest): Promise<Exchange> {
    const { reply } = await this.#over(request, () => this.#shared.control(url, request));
    if (reply.ok && reply.status < 300 && url.includes('/v1/') && request.method === 'POST') {
      const { predictedMs } = JSON.parse(reply.body) as { predictedMs?: number | null };
      if (typeof predictedMs === 'number') this.predictedMs = predictedMs;
    }
    return reply;
  }

  async surrogate(address: SurrogateAddress, path: string, request: ExchangeRequest): Promise<Exchange> {
    const { reply, rttMs, transferMs, upBytes, downBytes } = await this.#over(request, () =>
      this.#shared.surrogate(address, path, request),
    );
    if (reply.ok && reply.status < 300 && request.method === 'POST') {
      const { timings } = JSON.parse(reply.body) as { timings?: { totalMs: number; cpuMs: number } };
      if (timings !== undefined) {
        const { totalMs: serverMs, cpuMs } = timings;
        this.lastTask = { rttMs, transferMs, upBytes, downBytes, cpuMs, serverMs };
      }
    }
    return reply;
  }

  /** The connections outlive the device. */
  close(): void {}

  /** Round trip of one exchange, ms. */
  drawRttMs(): number {
    return this.link.rttMs * this.#rttFactor() + this.link.jitterMs * this.#jitter.next();
  }

  async #over(request: ExchangeRequest, exchange: () => Promise<Exchange>) {
    const { link } = this;
    const rttMs = this.drawRttMs();
    const upBytes = headerBytes + (request.body?.length ?? 0) + (request.bearer?.length ?? 0);
    const upMs = upBytes / bytesPerMs(link.upMbps);
    await delay(rttMs / 2 + upMs);
    const reply = await exchange();
    const downBytes = headerBytes + (reply.ok ? reply.body.length : 0);
    const downMs = downBytes / bytesPerMs(link.downMbps);
    await delay(rttMs / 2 + downMs);
    return { reply, rttMs, transferMs: upMs + downMs, upBytes, downBytes };
  }
}
