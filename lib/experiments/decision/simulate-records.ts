import { ExponentialStream, normal, UniformStream } from '../../simulator/engine/rng.ts';
import { transferJ, transferMs } from '../../simulator/population/device-classes.ts';
import { type DeviceTask, localMsOf } from '../../simulator/population/population.ts';
import type { DecisionRecord } from './record.ts';

const purpose = { jitter: 21, waits: 22, runs: 23, probes: 24 } as const;
/** Fixed cost of a task on the surrogate, ms; its hand-over to a waiting sandbox. */
const handOverMs = 1;
/** Share of the tasks that meet others on their VM, and their mean wait, ms. */
const waitShare = 0.15;
const waitMs = 15;
const runSpread = 0.05;
/** Placement beyond its round trip, ms. */
const placementWorkMs = 4;

/**
 * Both outcomes of every task: on the device by its speed, remotely by its link and a surrogate core of the reference
 * machine. Neither depends on what anyone decides.
 */
export function simulateRecords(tasks: readonly DeviceTask[], seed: number): DecisionRecord[] {
  const jitter = new ExponentialStream(seed, 0, purpose.jitter);
  const waits = new ExponentialStream(seed, 0, purpose.waits);
  const probes = new ExponentialStream(seed, 0, purpose.probes);
  const random = new UniformStream(seed, 0, purpose.runs);
  const meanWorkMs = tasks.reduce((sum, t) => sum + t.size.workMs, 0) / Math.max(1, tasks.length);
  const predictedMs = handOverMs + meanWorkMs + waitShare * waitMs;
  return tasks.map((task) => {
    const { device, link, kind } = task;
    const localMs = localMsOf(task);
    const roundTripMs = (of = jitter) => link.rttMs * device.rttFactor[link.id] + link.jitterMs * of.next();
    const rttMs = roundTripMs();
    const placementMs = task.first ? roundTripMs() + placementWorkMs : 0;
    const cpuMs = task.size.workMs * Math.exp(runSpread * normal(random));
    const waitedMs = random.next() < waitShare ? waitMs * waits.next() : 0;
    const serverMs = handOverMs + cpuMs + waitedMs;
    const linkMs = transferMs(link, kind.upBytes, kind.downBytes);
    const { computeW, idleW } = device.deviceClass;
    return {
      atMs: task.atMs,
      device: device.index,
      deviceClass: device.deviceClass.id,
      link: link.id,
      appId: kind.appId,
      method: kind.method,
      size: task.size.id,
      localMs,
      placementMs,
      rttMs,
      transferMs: linkMs,
      serverMs,
      cpuMs,
      predictedMs,
      regionRttMs: roundTripMs(probes),
      upBytes: kind.upBytes,
      downBytes: kind.downBytes,
      refusedMs: null,
      localJ: (computeW * localMs) / 1_000,
      remoteJ: transferJ(link, kind.upBytes, kind.downBytes) + (idleW * (placementMs + rttMs + serverMs)) / 1_000,
    };
  });
}
