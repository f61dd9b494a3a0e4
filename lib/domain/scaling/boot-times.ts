/** How long machines of one type took from the launch (or the start from stopped) to their first heartbeat, seconds. Plain JSON. */
export interface BootTimes {
  /** The last `keptSamples`, oldest first. */
  samplesS: number[];
  p50S: number;
  p90S: number;
}

/** By `bootKey`. */
export type BootLog = Record<string, BootTimes>;

const keptSamples = 32;
/** Fewer say less than the catalogue's own figure. */
const leastSamples = 3;

/** Booted from an image and started from stopped are different things. */
export const bootKey = (typeId: string, kind: 'launch' | 'start'): string => `${typeId}/${kind}`;

/** Adds one measured boot; a time that is no time (clocks apart) is left out. */
export function recordBoot(log: BootLog, key: string, tookS: number): BootLog {
  if (!Number.isFinite(tookS) || tookS < 0) return log;
  return { ...log, [key]: withSample(log[key], tookS) };
}

function withSample(times: BootTimes | undefined, tookS: number): BootTimes {
  const samplesS = [...(times?.samplesS ?? []), tookS].slice(-keptSamples);
  const sorted = [...samplesS].sort((a, b) => a - b);
  return { samplesS, p50S: quantile(sorted, 0.5), p90S: quantile(sorted, 0.9) };
}

/** Nearest rank: the smallest sample that at least the share `q` of them do not exceed. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

/** What to count on: the p90 once enough boots were measured, else null. */
export function expectedBootS(log: BootLog, key: string): number | null {
  const times = log[key];
  return times === undefined || times.samplesS.length < leastSamples ? null : times.p90S;
}

/** Key of a region's launches whatever their type: what is rented most weighs most, and types long given up are forgotten. */
const anyLaunch = 'any/launch';

/** One launch of the region, in a log of its own. */
export const recordLaunchTime = (log: BootLog, tookS: number): BootLog => recordBoot(log, anyLaunch, tookS);

/**
 * How long before a slot its regular run has to take place: the p90 of the region's last launches from call to first heartbeat.
 *
 * @param launches see `recordLaunchTime`
 * @param first holds until enough launches were measured, milliseconds
 * @param leastMs what is left to the run itself where machines boot in no time; a smaller `first` lowers it
 */
export function measuredLeadMs(launches: BootLog, first: number, leastMs: number, slotMs: number): number {
  const p90S = expectedBootS(launches, anyLaunch);
  if (p90S === null) return first;
  return Math.min(mostOfSlot * slotMs, Math.max(Math.min(leastMs, first), p90S * 1000));
}

/** A launch that takes a whole slot is none to the planner: with more than this share of it, nothing would be launched and measured again. */
const mostOfSlot = 0.9;

/**
 * The offers with measured times in place of the catalogue's, per type.
 *
 * @param slotS bounds what is believed
 */
export function withMeasuredBoot<O extends { type: { id: string }; bootS: number; startS?: number }>(
  offers: readonly O[],
  log: BootLog,
  slotS: number,
): O[] {
  const measured = (typeId: string, kind: 'launch' | 'start'): number | null => {
    const seconds = expectedBootS(log, bootKey(typeId, kind));
    return seconds === null ? null : Math.min(seconds, mostOfSlot * slotS);
  };
  return offers.map((offer) => {
    const bootS = measured(offer.type.id, 'launch') ?? offer.bootS;
    if (offer.startS === undefined) return { ...offer, bootS };
    return { ...offer, bootS, startS: measured(offer.type.id, 'start') ?? offer.startS };
  });
}
