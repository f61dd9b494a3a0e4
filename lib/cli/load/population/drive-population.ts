/**
 * Thousands of simulated devices, each with the SDK's own client, against a running system. A local run is a wait as long as the
 * device would take; a remote one is a real call over shared connections, its link added.
 *
 * Lifecycle: a device comes to be at its first task and is closed after its last; its tasks run one after the other. Beyond
 * `mostInFlight` tasks under way further ones are recorded as not sent. Aborting closes every client, and what was under way is
 * recorded as unfinished.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Detailed, Endpoint, Offloaded } from '../../../../sdk/typescript/src/api.ts';
import { OaasClient } from '../../../../sdk/typescript/src/oaas.ts';
import type { Transport } from '../../../../sdk/typescript/src/transport.ts';
import { ExponentialStream, UniformStream } from '../../../simulator/engine/rng.ts';
import { type Link, radioW, transferJ } from '../../../simulator/population/device-classes.ts';
import { type DeviceTask, localMsOf } from '../../../simulator/population/population.ts';
import { workKey } from './calibrate.ts';
import { LinkTransport, type TaskExchange } from './link-transport.ts';
import type { PopulationRecord } from './report.ts';

export interface PopulationRun {
  tasks: readonly DeviceTask[];
  endpoints: readonly Endpoint[];
  deviceKey: string;
  transport: Transport;
  /** CPU ms on the reference core by `workKey`. */
  work: ReadonlyMap<string, number>;
  /** Speed of the surrogates' cores, to which the devices' speeds are relative. */
  coreSpeed: number;
  energyWeight: number;
  /** Share of the tasks run on the device whose remote outcome is had by a call of its own. */
  shadowShare: number;
  mostInFlight: number;
  seed: number;
  signal: AbortSignal;
  onSent?: () => void;
  onRecord?: () => void;
}

interface SimulatedDevice {
  client: OaasClient;
  transport: LinkTransport;
  methods: Map<string, Offloaded<unknown, unknown>>;
  /** How long the task at hand takes here. */
  localMs: number;
  left: number;
  last: Promise<void>;
}

const purpose = { jitter: 31, shadows: 32 } as const;
const deadlineMs = 30_000;

export async function drivePopulation(run: PopulationRun): Promise<PopulationRecord[]> {
  const { tasks, signal } = run;
  const records: PopulationRecord[] = [];
  const devices = new Map<number, SimulatedDevice>();
  const left = new Map<number, number>();
  for (const { device } of tasks) left.set(device.index, (left.get(device.index) ?? 0) + 1);
  const shadowOf = shadowCalls(run);
  const random = new UniformStream(run.seed, 0, purpose.shadows);
  const closeAll = () => {
    for (const { client } of devices.values()) client.close();
    shadowOf.close();
  };
  signal.addEventListener('abort', closeAll, { once: true });
  let inFlight = 0;
  const startMs = performance.now();

  const one = async (task: DeviceTask, simulated: SimulatedDevice, shadowed: boolean): Promise<void> => {
    const record = blank(task, run);
    simulated.localMs = record.localMs;
    simulated.transport.link = task.link;
    simulated.transport.lastTask = null;
    try {
      if (signal.aborted) record.outcome = 'unfinished';
      else {
        const answer = await methodOf(simulated, task)(task.size.args);
        enter(record, answer, simulated.transport, task);
        if (record.outcome === 'local' && shadowed) {
          const outcome = await shadowOf.call(task);
          if (outcome !== null)
            enterRemote(record, { ...outcome, rttMs: outcome.rttMs + simulated.transport.drawRttMs() }, task);
        }
      }
    } catch (error) {
      record.outcome = signal.aborted ? 'unfinished' : 'error';
      record.reason = (error as Error).message;
    }
    records.push(record);
    run.onRecord?.();
    inFlight -= 1;
    simulated.left -= 1;
    if (simulated.left === 0) {
      simulated.client.close();
      devices.delete(task.device.index);
    }
  };

  for (const task of tasks) {
    const waitMs = task.atMs - (performance.now() - startMs);
    if (waitMs > 0.5) await delay(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    run.onSent?.();
    const { index } = task.device;
    const shadowed = random.next() < run.shadowShare;
    if (inFlight >= run.mostInFlight) {
      records.push({ ...blank(task, run), outcome: 'not-sent', reason: 'too many under way' });
      left.set(index, left.get(index)! - 1);
      continue;
    }
    let simulated = devices.get(index);
    if (simulated === undefined) {
      simulated = newDevice(task, run, left.get(index)!);
      devices.set(index, simulated);
    }
    inFlight += 1;
    const current = simulated;
    current.last = current.last.then(() => one(task, current, shadowed));
  }
  await Promise.all([...devices.values()].map(({ last }) => last));
  closeAll();
  signal.removeEventListener('abort', closeAll);
  return records.sort((a, b) => a.atMs - b.atMs);

  function methodOf(
    simulated: SimulatedDevice,
    task: DeviceTask,
  ): (args: unknown) => Promise<Detailed<unknown, unknown>> {
    const { appId, method } = task.kind;
    const key = `${appId} ${method}`;
    let offloaded = simulated.methods.get(key);
    if (offloaded === undefined) {
      const sizes = new Map(task.kind.sizes.map((size) => [JSON.stringify(size.args), size.id]));
      offloaded = simulated.client.offload<unknown, unknown>(appId, method, () => delay(simulated.localMs, null), {
        idempotent: true,
        deadlineMs,
        sizeOf: (args) => sizes.get(JSON.stringify(args)) ?? '',
      });
      simulated.methods.set(key, offloaded);
    }
    return offloaded.detailed;
  }
}

function newDevice(task: DeviceTask, run: PopulationRun, left: number): SimulatedDevice {
  const { device, link } = task;
  const jitter = new ExponentialStream(run.seed, device.index, purpose.jitter);
  const transport = new LinkTransport(run.transport, link, ({ id }) => device.rttFactor[id], jitter);
  const { computeW, idleW } = device.deviceClass;
  const client = new OaasClient(
    {
      endpoints: run.endpoints,
      apiKey: run.deviceKey,
      energyWeight: run.energyWeight,
      power: { computeW, idleW, transferW: radioW(link) },
      network: () => transport.link.id,
      probeIntervalMs: 0,
    },
    () => transport,
  );
  return { client, transport, methods: new Map(), localMs: 0, left, last: Promise.resolve() };
}

/** Calls that tell the remote outcome of a task that ran on its device; no device learns of them. */
function shadowCalls(run: PopulationRun): {
  call: (task: DeviceTask) => Promise<TaskExchange | null>;
  close: () => void;
} {
  const client = new OaasClient({ endpoints: run.endpoints, apiKey: run.deviceKey, probeIntervalMs: 0 }, () => ({
    ...bound(run.transport),
    close: () => {},
  }));
  return {
    async call({ kind, size, link }) {
      const { appId, method, upBytes, downBytes } = kind;
      const offloaded = client.offload<unknown, unknown>(appId, method, null, {
        idempotent: true,
        prefetch: false,
        deadlineMs,
      });
      const answer = await offloaded.detailed(size.args).catch(() => null);
      if (answer === null || answer.ranOn.where !== 'remote') return null;
      const { t2Ms, cloudMs, queueMs, handoffMs } = answer.timings;
      const transferMs = upBytes / (link.upMbps * 125) + downBytes / (link.downMbps * 125);
      // Its own CPU time is not in the result; running alone on the VM it is about what it ran.
      return {
        rttMs: t2Ms,
        transferMs,
        upBytes,
        downBytes,
        cpuMs: run.work.get(workKey(appId, method, size.id))!,
        serverMs: cloudMs + queueMs + handoffMs,
      };
    },
    close: () => client.close(),
  };
}

const bound = (transport: Transport): Omit<Transport, 'close'> => ({
  direct: transport.direct,
  control: (url, request) => transport.control(url, request),
  surrogate: (address, path, request) => transport.surrogate(address, path, request),
});

function blank(task: DeviceTask, run: PopulationRun): PopulationRecord {
  const { device, kind, size, link } = task;
  const workMs = run.work.get(workKey(kind.appId, kind.method, size.id))!;
  const localMs = localMsOf(task, workMs) / run.coreSpeed;
  return {
    atMs: task.atMs,
    device: device.index,
    deviceClass: device.deviceClass.id,
    link: link.id,
    appId: kind.appId,
    method: kind.method,
    size: size.id,
    outcome: 'error',
    reason: '',
    responseMs: 0,
    joules: 0,
    localMs,
    localJ: (device.deviceClass.computeW * localMs) / 1_000,
    remote: null,
  };
}

function enter(
  record: PopulationRecord,
  answer: Detailed<unknown, unknown>,
  transport: LinkTransport,
  task: DeviceTask,
): void {
  record.reason = answer.reason;
  if (answer.ranOn.where === 'local') {
    const fellBack =
      answer.reason === 'fallback' || answer.reason === 'region-says-local' || answer.reason === 'deadline-threatened';
    record.outcome = fellBack ? 'fell-back' : 'local';
    // The wait stands for the run: what the timer was late is not the device's. A fallback also paid for its try.
    const triedMs = fellBack ? Math.max(0, answer.timings.totalMs - answer.timings.localMs) : 0;
    record.responseMs = record.localMs + triedMs;
    record.joules = record.localJ + (task.device.deviceClass.idleW * triedMs) / 1_000;
    return;
  }
  record.outcome = 'remote';
  const { t1Ms, t2Ms, totalMs } = answer.timings;
  const exchange = transport.lastTask;
  if (exchange !== null) {
    // What the wire itself took on this machine counts with the link.
    const rttMs = Math.max(0, t2Ms - exchange.transferMs);
    enterRemote(record, { ...exchange, rttMs }, task, t1Ms, transport.predictedMs);
  }
  record.responseMs = totalMs;
  record.joules = record.remote?.joules ?? 0;
}

function enterRemote(
  record: PopulationRecord,
  exchange: TaskExchange,
  { link, device }: DeviceTask,
  placementMs = 0,
  predictedMs = 0,
): void {
  const { rttMs, transferMs, serverMs, cpuMs, upBytes, downBytes } = exchange;
  record.remote = {
    placementMs,
    rttMs,
    transferMs,
    serverMs,
    cpuMs,
    predictedMs: predictedMs > 0 ? predictedMs : serverMs,
    upBytes,
    downBytes,
    joules: remoteJ(link, exchange, device.deviceClass.idleW, placementMs),
  };
}

function remoteJ(link: Link, exchange: TaskExchange, idleW: number, placementMs: number): number {
  const waitMs = placementMs + exchange.rttMs + exchange.serverMs;
  return transferJ(link, exchange.upBytes, exchange.downBytes) + (idleW * waitMs) / 1_000;
}
