import type { Station } from './station.ts';

/**
 * The order in which a dispatcher that always takes the least networkS + (n+1)/(min(n+1, m) μ_core) fills an empty pool
 * when nobody leaves: a sequence of bands of equally attractive places.
 */
export interface Band {
  /** K when the band begins, and how many places it has. */
  start: number;
  places: number;
  /** Completions per second that each filled place adds: μ_core for an idle core, 0 for a place behind busy ones. */
  ratePerPlace: number;
  /** Which places: `n` present before the place is taken, and whether it is an idle core (then n counts up to m-1). */
  members: { group: number; level: number; idleCores: boolean; places: number }[];
}

/** Where the completion rate of the filled pool bends, and what the size of the bend depends on. */
export interface Kink {
  /** K at the bend. */
  at: number;
  /** Change of the rate added per request, requests per second. */
  slopeChange: number;
  /** VMs in use below the bend. */
  vms: number;
  /** Completions per second with K in the system. */
  ratePerS: number;
  /** The bend is where idle cores of a group not yet in use come next. */
  opensGroup: boolean;
  /** ln(μ_core of the next place / that of the last), ln(… / mean μ_core in use), ln(VM capacity / mean VM capacity in use). */
  logCoreStep: number;
  logCoreToMean: number;
  logCapacityToMean: number;
}

export interface Filling {
  bands: Band[];
  kinks: Kink[];
  /** K at the end of the last band. */
  end: number;
  /** Whether all cores are in use at the end. */
  saturated: boolean;
}

/** Indices closer than this, relatively, are ties. */
const TIE = 1e-12;

/**
 * Fills the pool until `enough(K, completion rate)` says so, and at least until places stop mattering: all cores in use.
 */
export function fillPool(stations: readonly Station[], enough: (band: Band, ratePerS: number) => boolean): Filling {
  const next = stations.map((s) => ({ level: 0, index: s.networkS + 1 / s.coreRatePerS }));
  const bands: Band[] = [];
  const kinks: Kink[] = [];
  const used = { vms: 0, cores: 0, capacity: 0 };
  const totalVms = stations.reduce((sum, s) => sum + s.count, 0);
  let start = 0;
  let rate = 0;
  for (;;) {
    const band = nextBand(stations, next, start);
    const previous = bands[bands.length - 1];
    if (previous !== undefined && Math.abs(band.ratePerPlace - previous.ratePerPlace) > 1e-12 * rate) {
      kinks.push(kinkBetween(stations, previous, band, used, rate));
    }
    for (const member of band.members) {
      if (!member.idleCores) continue;
      const s = stations[member.group]!;
      used.vms += s.count;
      used.cores += s.count * s.servers;
      used.capacity += s.count * s.capacityPerS;
    }
    bands.push(band);
    start += band.places;
    rate += band.places * band.ratePerPlace;
    if (enough(band, rate)) return { bands, kinks, end: start, saturated: used.vms === totalVms };
  }
}

interface Cursor {
  level: number;
  index: number;
}

function nextBand(stations: readonly Station[], next: Cursor[], start: number): Band {
  const index = next.reduce((least, cursor) => Math.min(least, cursor.index), Number.POSITIVE_INFINITY);
  const members: Band['members'] = [];
  let places = 0;
  let rate = 0;
  stations.forEach((station, group) => {
    const cursor = next[group]!;
    if (cursor.index > index * (1 + TIE)) return;
    const idleCores = cursor.level === 0;
    const own = station.count * (idleCores ? station.servers : 1);
    members.push({ group, level: cursor.level, idleCores, places: own });
    places += own;
    if (idleCores) rate += own * station.coreRatePerS;
    cursor.level = idleCores ? station.servers : cursor.level + 1;
    cursor.index = station.networkS + (cursor.level + 1) / station.capacityPerS;
  });
  return { start, places, ratePerPlace: rate / places, members };
}

function kinkBetween(
  stations: readonly Station[],
  previous: Band,
  band: Band,
  used: { vms: number; cores: number; capacity: number },
  ratePerS: number,
): Kink {
  const before = typical(stations, previous);
  const after = typical(stations, band);
  return {
    at: band.start,
    slopeChange: band.ratePerPlace - previous.ratePerPlace,
    vms: used.vms,
    ratePerS,
    opensGroup: band.members.some((member) => member.idleCores),
    logCoreStep: Math.log(after.coreRatePerS / before.coreRatePerS),
    logCoreToMean: Math.log((after.coreRatePerS * used.cores) / used.capacity),
    logCapacityToMean: Math.log((after.capacityPerS * used.vms) / used.capacity),
  };
}

/** The group that a band of ties is judged by: one with idle cores if any, of those the slowest. */
function typical(stations: readonly Station[], band: Band): Station {
  const idle = band.members.filter((member) => member.idleCores);
  return (idle.length > 0 ? idle : band.members)
    .map((member) => stations[member.group]!)
    .reduce((a, b) =>
      b.coreRatePerS < a.coreRatePerS || (b.coreRatePerS === a.coreRatePerS && b.servers < a.servers) ? b : a,
    );
}
