/**
 * Thousands of simulated devices, each with the SDK's own client, against a running system. A local run is a wait as long as the
 * device would take; a remote one is a real call over shared connections, its link added.
 *
 * Lifecycle: a device comes to be at its first task and is closed when both outcomes of its last are known; its tasks run one
 * after the other. Beyond `mostInFlight` tasks under way further ones are recorded as not sent. Aborting closes every client,
 * and what was under way is recorded as unfinished.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../../../../sdk/typescript/src/api.ts';
import type { Transport } from '../../../../sdk/typescript/src/transport.ts';
import { UniformStream } from '../../../simulator/engine/rng.ts';
import { type DeviceTask, localMsOf } from '../../../simulator/population/population.ts';
import { workKey } from './calibrate.ts';
import type { PopulationRecord } from './report.ts';
import { SimulatedDevice } from './simulated-device.ts';

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

interface Slot {
  simulated: SimulatedDevice;
  /** Tasks whose outcomes are not all known yet. */
  left: number;
  last: Promise<void>;
}

const shadowPurpose = 32;

export async function drivePopulation(run: PopulationRun): Promise<PopulationRecord[]> {
  const { tasks, signal } = run;
  const records: PopulationRecord[] = [];
  const slots = new Map<number, Slot>();
  const left = new Map<number, number>();
  for (const { device } of tasks) left.set(device.index, (left.get(device.index) ?? 0) + 1);
  const random = new UniformStream(run.seed, 0, shadowPurpose);
  const finishing = new Set<Promise<void>>();
  const closeAll = () => {
    for (const { simulated } of slots.values()) simulated.close();
  };
  signal.addEventListener('abort', closeAll, { once: true });
  let inFlight = 0;
  const startMs = performance.now();

  const finish = (record: PopulationRecord, index: number, slot: Slot) => {
    records.push(record);
    run.onRecord?.();
    inFlight -= 1;
    slot.left -= 1;
    if (slot.left > 0) return;
    slot.simulated.close();
    slots.delete(index);
  };
  const one = async (task: DeviceTask, slot: Slot, shadowed: boolean): Promise<void> => {
    const { index } = task.device;
    const record = blank(task, run, performance.now() - startMs);
    const failed = (error: unknown) => {
      record.outcome = signal.aborted ? 'unfinished' : 'error';
      record.reason = (error as Error).message;
    };
    try {
      if (signal.aborted) record.outcome = 'unfinished';
      else {
        const { complete } = await slot.simulated.run(task, record, shadowed);
        // The device goes on to its next task meanwhile.
        const finished = complete.catch(failed).then(() => finish(record, index, slot));
        finishing.add(finished);
        void finished.then(() => finishing.delete(finished));
        return;
      }
    } catch (error) {
      failed(error);
    }
    finish(record, index, slot);
  };

  for (const task of tasks) {
    const waitMs = task.atMs - (performance.now() - startMs);
    if (waitMs > 0.5) await delay(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    run.onSent?.();
    const { index } = task.device;
    const shadowed = random.next() < run.shadowShare;
    if (inFlight >= run.mostInFlight) {
      records.push({ ...blank(task, run, task.atMs), outcome: 'not-sent', reason: 'too many under way' });
      left.set(index, left.get(index)! - 1);
      continue;
    }
    let slot = slots.get(index);
    if (slot === undefined) {
      const { endpoints, deviceKey: apiKey, energyWeight } = run;
      const simulated = new SimulatedDevice(task, { endpoints, apiKey, energyWeight }, run.transport, run.seed);
      slot = { simulated, left: left.get(index)!, last: Promise.resolve() };
      slots.set(index, slot);
    }
    inFlight += 1;
    const current = slot;
    current.last = current.last.then(() => one(task, current, shadowed));
  }
  await Promise.all([...slots.values()].map(({ last }) => last));
  await Promise.all(finishing);
  closeAll();
  signal.removeEventListener('abort', closeAll);
  return records.sort((a, b) => a.atMs - b.atMs);
}

function blank(task: DeviceTask, run: PopulationRun, atMs: number): PopulationRecord {
  const { device, kind, size, link } = task;
  const workMs = run.work.get(workKey(kind.appId, kind.method, size.id))!;
  const localMs = localMsOf(task, workMs) / run.coreSpeed;
  return {
    atMs,
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
    predictedMs: null,
    regionRttMs: null,
    remote: null,
  };
}
