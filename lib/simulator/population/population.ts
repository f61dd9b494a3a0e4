/**
 * A population of devices and what they ask for: seeded and pure, every device from a stream of its own, so that a device is
 * the same however many others there are.
 *
 * A device draws class, speed, time zone and favourite apps once. Its sessions are a Poisson process whose rate follows the
 * day's curve in its own time zone; a session draws its link and a geometric number of tasks with exponential pauses.
 */
import { ExponentialStream, normal, UniformStream } from '../engine/rng.ts';
import { type DeviceClass, deviceClasses, type Link, type LinkId, links } from './device-classes.ts';
import { type TaskKind, type TaskSize, taskKinds } from './tasks.ts';

export interface PopulationOptions {
  devices: number;
  /** Length of the run, seconds, and the hour (UTC) at which it begins. */
  durationS: number;
  startHour: number;
  /** The day's curve passes so many times faster; pauses within sessions do not. */
  speed: number;
  /** Mean over all devices and the whole run. */
  tasksPerDevice: number;
  tasksPerSession: number;
  /** Mean pause between two tasks of a session, seconds. */
  pauseS: number;
  /** Relative rate at an hour of the local day, at most 1. */
  dayShare: (localHour: number) => number;
  seed: number;
}

export interface Device {
  index: number;
  deviceClass: DeviceClass;
  /** Relative to the reference core. */
  speed: number;
  /** Of local time against UTC, hours. */
  zoneHours: number;
  /** What the device asks for; drawn from with their shares. */
  kinds: readonly TaskKind[];
  /** The device's own factor on the round trip of its links. */
  rttFactor: Readonly<Record<LinkId, number>>;
}

export interface DeviceTask {
  device: Device;
  /** From the start of the run, ms. */
  atMs: number;
  /** First of its session. */
  first: boolean;
  link: Link;
  kind: TaskKind;
  size: TaskSize;
  /** Local time in ms of this run: work over speed, with the scatter of a device that does other things too. */
  localFactor: number;
}

/** Rough shares of smartphone users by time zone: the Americas, Europe and Africa, South Asia, East Asia. */
const zones: readonly { hours: number; share: number }[] = [
  { hours: -8, share: 0.05 },
  { hours: -5, share: 0.12 },
  { hours: -3, share: 0.08 },
  { hours: 1, share: 0.25 },
  { hours: 5.5, share: 0.22 },
  { hours: 8, share: 0.28 },
];

const favourites = 2;
/** Sigma of the lognormal scatter of local runs. */
const localSpread = 0.1;
const purpose = { device: 11, sessions: 12, tasks: 13, gaps: 14 } as const;

export function drawDevice(index: number, seed: number): Device {
  const random = new UniformStream(seed, index, purpose.device);
  const deviceClass = pick(deviceClasses, random);
  const speed = deviceClass.speed * Math.exp(deviceClass.speedSpread * normal(random));
  const zoneHours = pick(zones, random).hours;
  const kinds: TaskKind[] = [];
  while (kinds.length < favourites) {
    const kind = pick(taskKinds, random);
    if (!kinds.includes(kind)) kinds.push(kind);
  }
  const factor = (id: LinkId) => Math.exp(links[id].rttSpread * normal(random));
  const rttFactor = { wifi: factor('wifi'), lte: factor('lte'), '3g': factor('3g') };
  return { index, deviceClass, speed, zoneHours, kinds, rttFactor };
}

/** The tasks of one device, by time. @throws RangeError on options that cannot be */
export function tasksOf(device: Device, options: PopulationOptions): DeviceTask[] {
  check(options);
  const { seed, durationS, dayShare, tasksPerSession } = options;
  const random = new UniformStream(seed, device.index, purpose.tasks);
  const thinning = new UniformStream(seed, device.index, purpose.sessions);
  const gaps = new ExponentialStream(seed, device.index, purpose.gaps);
  const peakPerS = options.tasksPerDevice / tasksPerSession / durationS / meanShare(options);
  const tasks: DeviceTask[] = [];
  for (let startS = gaps.next() / peakPerS; startS < durationS; startS += gaps.next() / peakPerS) {
    const localHour = options.startHour + device.zoneHours + (startS * options.speed) / 3_600;
    if (thinning.next() >= dayShare(localHour)) continue;
    const link = links[drawLink(device.deviceClass, random)];
    let atS = startS;
    for (let first = true; atS < durationS; first = false) {
      const kind = pick(device.kinds, random);
      const size = kind.sizes[random.below(kind.sizes.length)]!;
      const localFactor = Math.exp(localSpread * normal(random));
      tasks.push({ device, atMs: atS * 1_000, first, link, kind, size, localFactor });
      if (random.next() < 1 / tasksPerSession) break;
      atS += gaps.next() * options.pauseS;
    }
  }
  return tasks.sort((a, b) => a.atMs - b.atMs);
}

/** All tasks of the population, by time. */
export function drawPopulation(options: PopulationOptions): DeviceTask[] {
  check(options);
  const all: DeviceTask[] = [];
  for (let i = 0; i < options.devices; i++) all.push(...tasksOf(drawDevice(i, options.seed), options));
  return all.sort((a, b) => a.atMs - b.atMs || a.device.index - b.device.index);
}

/** Time of the task on its device, ms, for a task of that work on the reference core. */
export const localMsOf = (task: DeviceTask, workMs: number = task.size.workMs): number =>
  (workMs / task.device.speed) * task.localFactor;

/** Mean of the day's curve over the run and the zones: what makes `tasksPerDevice` a mean over all devices. */
function meanShare(options: PopulationOptions): number {
  const steps = 96;
  let sum = 0;
  for (const zone of zones) {
    for (let i = 0; i < steps; i++) {
      const hour = options.startHour + (((i + 0.5) / steps) * options.durationS * options.speed) / 3_600;
      sum += (zone.share * options.dayShare(hour + zone.hours)) / steps;
    }
  }
  return sum;
}

function drawLink(deviceClass: DeviceClass, random: UniformStream): LinkId {
  const { wifi, lte } = deviceClass.links;
  const u = random.next();
  return u < wifi ? 'wifi' : u < wifi + lte ? 'lte' : '3g';
}

function pick<T extends { share: number }>(items: readonly T[], random: UniformStream): T {
  let u = random.next() * items.reduce((sum, item) => sum + item.share, 0);
  for (const item of items) {
    u -= item.share;
    if (u < 0) return item;
  }
  return items.at(-1)!;
}

function check({ devices, durationS, speed, tasksPerDevice, tasksPerSession, pauseS }: PopulationOptions): void {
  const positive = { devices, durationS, speed, tasksPerDevice, pauseS };
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be above 0, received ${value}`);
  }
  if (!(tasksPerSession >= 1)) throw new RangeError(`tasksPerSession must be 1 or more, received ${tasksPerSession}`);
}
