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
import type { TaskResponse } from '../../../ports/contracts/wire.ts';
import type { ExponentialStream } from '../../../simulator/engine/rng.ts';
import { bytesPerMs, type Link } from '../../../simulator/population/device-classes.ts';

/** What a task's exchange came to, as far as the SDK's result does not say it. */
export interface TaskExchange {
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
  /** Tasks sent so far, answered or not. */
  tasksSent = 0;
  /** Of the last placement; null: none yet. */
  predictedMs: number | null = null;
  /** Answered tasks that nobody has taken, by request id. */
  readonly #answered = new Map<string, TaskExchange>();
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
    if (request.method === 'POST') this.tasksSent += 1;
    const { reply, transferMs, upBytes, downBytes } = await this.#over(request, () =>
      this.#shared.surrogate(address, path, request),
    );
    if (reply.ok && reply.status < 300 && request.method === 'POST') {
      const { timings, requestId } = JSON.parse(reply.body) as Partial<TaskResponse>;
      if (timings !== undefined && requestId !== undefined) {
        const { totalMs: serverMs, cpuMs } = timings;
        this.#answered.set(requestId, { transferMs, upBytes, downBytes, cpuMs, serverMs });
      }
    }
    return reply;
  }

  /** The exchange of a task that was answered; once. */
  take(requestId: string): TaskExchange | null {
    const exchange = this.#answered.get(requestId) ?? null;
    this.#answered.delete(requestId);
    return exchange;
  }

  /** The connections outlive the device. */
  close(): void {}

  async #over(request: ExchangeRequest, exchange: () => Promise<Exchange>) {
    const { link } = this;
    const rttMs = link.rttMs * this.#rttFactor() + link.jitterMs * this.#jitter.next();
    const upBytes = headerBytes + (request.body?.length ?? 0) + (request.bearer?.length ?? 0);
    const upMs = upBytes / bytesPerMs(link.upMbps);
    await delay(rttMs / 2 + upMs);
    const reply = await exchange();
    const downBytes = headerBytes + (reply.ok ? reply.body.length : 0);
    const downMs = downBytes / bytesPerMs(link.downMbps);
    await delay(rttMs / 2 + downMs);
    return { reply, transferMs: upMs + downMs, upBytes, downBytes };
  }
}
