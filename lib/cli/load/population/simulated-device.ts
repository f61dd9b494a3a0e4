/**
 * One simulated device: the SDK's own client over the device's link, and beside it a second client over the same link, which
 * tells what the remote side would have made of a task that the device kept.
 *
 * That shadow call begins when the device begins to compute, is told no estimate, and teaches the device nothing. Where the SDK
 * ran both sides and the device was first, it begins when that is known, for the SDK may have given the remote run up.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Detailed, LocalContext, OaasOptions } from '../../../../sdk/typescript/src/api.ts';
import { OaasClient } from '../../../../sdk/typescript/src/oaas.ts';
import type { Transport } from '../../../../sdk/typescript/src/transport.ts';
import type { RemoteOutcomeRecord } from '../../../experiments/decision/record.ts';
import { ExponentialStream } from '../../../simulator/engine/rng.ts';
import { radioW, transferJ } from '../../../simulator/population/device-classes.ts';
import type { Device, DeviceTask } from '../../../simulator/population/population.ts';
import { LinkTransport } from './link-transport.ts';
import type { PopulationRecord } from './report.ts';

const purpose = { jitter: 31, shadowJitter: 33 } as const;
const deadlineMs = 30_000;

type Answer = Detailed<unknown, unknown>;
type Call = (args: unknown) => Promise<Answer>;

interface Method {
  call: Call;
  shadow: Call;
}

/** The call in progress, as the local implementation finds it. */
interface CurrentCall {
  localMs: number;
  startedMs: number;
  tasksSentBefore: number;
  /** When the device began to compute, from the call; null: it did not. */
  localAfterMs: number | null;
  /** Resolves with how long it computed. */
  computedMs: Promise<number>;
  onAlone: () => void;
}

export class SimulatedDevice {
  readonly #device: Device;
  readonly #transport: LinkTransport;
  readonly #shadowTransport: LinkTransport;
  readonly #client: OaasClient;
  readonly #shadowClient: OaasClient;
  readonly #methods = new Map<string, Method>();
  #current: CurrentCall | null = null;

  constructor(task: DeviceTask, options: OaasOptions, shared: Transport, seed: number) {
    const { device, link } = task;
    this.#device = device;
    const over = (id: number) =>
      new LinkTransport(shared, link, (l) => device.rttFactor[l.id], new ExponentialStream(seed, device.index, id));
    const transport = over(purpose.jitter);
    const shadowTransport = over(purpose.shadowJitter);
    const { computeW, idleW } = device.deviceClass;
    const own = { ...options, power: { computeW, idleW, transferW: radioW(link) }, probeIntervalMs: 0 };
    this.#transport = transport;
    this.#shadowTransport = shadowTransport;
    this.#client = new OaasClient({ ...own, network: () => transport.link.id }, () => transport);
    this.#shadowClient = new OaasClient({ ...own, network: () => shadowTransport.link.id }, () => shadowTransport);
  }

  close(): void {
    this.#client.close();
    this.#shadowClient.close();
  }

  /**
   * Runs a task as the SDK decides and enters what it came to.
   *
   * @returns resolves when the device is free again, with a promise of the other side's outcome, entered too
   */
  async run(task: DeviceTask, record: PopulationRecord, shadowed: boolean): Promise<{ complete: Promise<void> }> {
    const transport = this.#transport;
    transport.link = task.link;
    this.#shadowTransport.link = task.link;
    record.predictedMs = transport.predictedMs;
    record.regionRttMs = this.#client.regions()[0]?.rttMs ?? null;
    const method = this.#methodOf(task);
    let shadow: Promise<RemoteOutcomeRecord | null> | null = null;
    const ask = () => {
      if (shadowed) shadow ??= this.#shadowOf(task, record, method);
    };
    const current: CurrentCall = {
      localMs: record.localMs,
      startedMs: performance.now(),
      tasksSentBefore: transport.tasksSent,
      localAfterMs: null,
      computedMs: Promise.resolve(0),
      onAlone: ask,
    };
    this.#current = current;
    const answer = await method.call(task.size.args);
    this.#enter(record, answer, current, task);
    if (record.remote === null) ask();
    return {
      complete: (async () => {
        record.remote ??= await shadow;
        record.joules = await this.#joulesOf(record, current, task);
      })(),
    };
  }

  #enter(record: PopulationRecord, answer: Answer, current: CurrentCall, task: DeviceTask): void {
    record.reason = answer.reason;
    const { totalMs, localMs } = answer.timings;
    if (answer.ranOn.where === 'remote') {
      record.outcome = 'remote';
      record.responseMs = totalMs;
      record.remote = this.#remoteOf(answer, this.#transport, task);
      return;
    }
    const refused = answer.reason === 'fallback' || answer.reason === 'region-says-local';
    const late = answer.reason === 'deadline-threatened' || answer.reason === 'answer-late';
    record.outcome = refused || late ? 'fell-back' : 'local';
    // The wait stands for the run: what the timer was late is not the device's.
    record.responseMs = record.localMs + (this.#sent(current) || refused || late ? (current.localAfterMs ?? 0) : 0);
    if (refused) record.remote = this.#refusal(Math.max(0, totalMs - localMs), record);
  }

  #sent(current: CurrentCall): boolean {
    return this.#transport.tasksSent > current.tasksSentBefore;
  }

  async #shadowOf(task: DeviceTask, record: PopulationRecord, method: Method): Promise<RemoteOutcomeRecord | null> {
    const answer = await method.shadow(task.size.args).catch(() => null);
    if (answer === null) return null;
    if (answer.ranOn.where === 'local') return this.#refusal(answer.timings.totalMs, record);
    return this.#remoteOf(answer, this.#shadowTransport, task);
  }

  #remoteOf(answer: Answer, transport: LinkTransport, { link }: DeviceTask): RemoteOutcomeRecord | null {
    const exchange = transport.take(answer.requestId);
    if (exchange === null) return null;
    const { t1Ms: placementMs, t2Ms } = answer.timings;
    const { transferMs, serverMs, upBytes, downBytes } = exchange;
    // What the wire itself took on this machine counts with the link.
    const rttMs = Math.max(0, t2Ms - transferMs);
    const waitJ = (this.#device.deviceClass.idleW * (placementMs + rttMs + serverMs)) / 1_000;
    return { ...exchange, placementMs, rttMs, refusedMs: null, remoteJ: transferJ(link, upBytes, downBytes) + waitJ };
  }

  #refusal(refusedMs: number, { localJ }: PopulationRecord): RemoteOutcomeRecord {
    const remoteJ = localJ + (this.#device.deviceClass.idleW * refusedMs) / 1_000;
    const nothing = { placementMs: 0, rttMs: 0, transferMs: 0, serverMs: 0, cpuMs: 0, upBytes: 0, downBytes: 0 };
    return { ...nothing, refusedMs, remoteJ };
  }

  /** Computing for as long as it did, the radio for what was sent, waiting for the rest. */
  async #joulesOf(record: PopulationRecord, current: CurrentCall, { link, kind }: DeviceTask): Promise<number> {
    const computedMs = await current.computedMs;
    const { computeW, idleW } = this.#device.deviceClass;
    const upBytes = record.remote?.upBytes || kind.upBytes;
    const downBytes = record.remote?.downBytes || kind.downBytes;
    const radioJ = this.#sent(current) ? transferJ(link, upBytes, record.outcome === 'remote' ? downBytes : 0) : 0;
    return radioJ + (computeW * computedMs + idleW * Math.max(0, record.responseMs - computedMs)) / 1_000;
  }

  #methodOf(task: DeviceTask): Method {
    const { appId, method } = task.kind;
    const key = `${appId} ${method}`;
    let found = this.#methods.get(key);
    if (found === undefined) {
      const sizes = new Map(task.kind.sizes.map((size) => [JSON.stringify(size.args), size.id]));
      const common = { idempotent: true, deadlineMs };
      // A phone computes on threads of its own.
      const offloaded = this.#client.offload<unknown, null>(appId, method, this.#compute, {
        ...common,
        localRunsAside: true,
        sizeOf: (args) => sizes.get(JSON.stringify(args)) ?? '',
      });
      // Falling back at once tells a refusal and its time.
      const shadow = this.#shadowClient.offload<unknown, null>(appId, method, () => null, {
        ...common,
        prefer: 'remote',
      });
      found = { call: offloaded.detailed, shadow: shadow.detailed };
      this.#methods.set(key, found);
    }
    return found;
  }

  readonly #compute = async (...argsAndContext: unknown[]): Promise<null> => {
    const { signal } = argsAndContext.at(-1) as LocalContext<unknown>;
    const current = this.#current!;
    const startMs = performance.now();
    current.localAfterMs = startMs - current.startedMs;
    const waited = delay(current.localMs, null, { signal });
    current.computedMs = waited.then(
      () => current.localMs,
      () => Math.min(current.localMs, performance.now() - startMs),
    );
    // Only a task that is not out at a surrogate has no other outcome to come.
    if (!this.#sent(current)) current.onAlone();
    return waited;
  };
}
