/**
 * What devices there are: speed, power, battery and the links they use. Powers of the radios are Huang et al., "A close
 * examination of performance and power characteristics of 4G LTE networks", MobiSys 2012, table 4 (P = a_up t_up + a_down
 * t_down + b, t in Mbit/s); the handheld of Kumar and Lu, IEEE Computer 43(4), 2010 (0.9 W computing, 0.3 W waiting) is the
 * budget phone. Speeds, shares, batteries and the other powers are assumptions of the usual order, named so in docs/population.md.
 */

export type LinkId = 'wifi' | 'lte' | '3g';

export interface Link {
  id: LinkId;
  /** Median round trip to the regional endpoint, ms; devices differ by a lognormal factor of sigma `rttSpread`. */
  rttMs: number;
  rttSpread: number;
  /** Mean of the exponential part that each exchange adds, ms. */
  jitterMs: number;
  upMbps: number;
  downMbps: number;
  /** Radio power per Mbit/s up and down, and its base, watts. */
  power: { upWPerMbps: number; downWPerMbps: number; baseW: number };
}

export interface DeviceClass {
  id: string;
  /** Of the population; the shares sum to 1. */
  share: number;
  /** Median speed relative to one core of the surrogates' reference machine; devices differ by a lognormal factor. */
  speed: number;
  speedSpread: number;
  /** One core busy, and waiting for an answer, watts. */
  computeW: number;
  idleW: number;
  batteryWh: number;
  /** Probability of each link when a session begins. */
  links: Readonly<Record<LinkId, number>>;
}

export const links: Readonly<Record<LinkId, Link>> = {
  wifi: {
    id: 'wifi',
    rttMs: 15,
    rttSpread: 0.3,
    jitterMs: 3,
    upMbps: 10,
    downMbps: 30,
    power: { upWPerMbps: 0.28317, downWPerMbps: 0.13701, baseW: 0.13286 },
  },
  lte: {
    id: 'lte',
    rttMs: 50,
    rttSpread: 0.25,
    jitterMs: 6,
    upMbps: 5.64,
    downMbps: 12.74,
    power: { upWPerMbps: 0.43839, downWPerMbps: 0.05197, baseW: 1.28804 },
  },
  '3g': {
    id: '3g',
    rttMs: 150,
    rttSpread: 0.3,
    jitterMs: 20,
    upMbps: 0.8,
    downMbps: 1.6,
    power: { upWPerMbps: 0.86898, downWPerMbps: 0.12212, baseW: 0.81788 },
  },
};

export const deviceClasses: readonly DeviceClass[] = [
  {
    id: 'flagship-phone',
    share: 0.2,
    speed: 0.9,
    speedSpread: 0.1,
    computeW: 2.5,
    idleW: 0.3,
    batteryWh: 17,
    links: { wifi: 0.6, lte: 0.4, '3g': 0 },
  },
  {
    id: 'mid-phone',
    share: 0.35,
    speed: 0.45,
    speedSpread: 0.2,
    computeW: 1.5,
    idleW: 0.3,
    batteryWh: 17,
    links: { wifi: 0.6, lte: 0.35, '3g': 0.05 },
  },
  {
    id: 'budget-phone',
    share: 0.25,
    speed: 0.2,
    speedSpread: 0.25,
    computeW: 0.9,
    idleW: 0.3,
    batteryWh: 13,
    links: { wifi: 0.5, lte: 0.35, '3g': 0.15 },
  },
  {
    id: 'watch',
    share: 0.1,
    speed: 0.1,
    speedSpread: 0.2,
    computeW: 0.4,
    idleW: 0.1,
    batteryWh: 1.2,
    links: { wifi: 0.8, lte: 0.2, '3g': 0 },
  },
  {
    id: 'sensor-board',
    share: 0.1,
    speed: 0.06,
    speedSpread: 0.2,
    computeW: 1.2,
    idleW: 0.5,
    batteryWh: 10,
    links: { wifi: 0.7, lte: 0.2, '3g': 0.1 },
  },
];

/** Bytes per ms of a rate in Mbit/s. */
export const bytesPerMs = (mbps: number): number => mbps * 125;

/** Time on the link for a request and its answer beyond the round trip, ms. */
export function transferMs(link: Link, upBytes: number, downBytes: number): number {
  return upBytes / bytesPerMs(link.upMbps) + downBytes / bytesPerMs(link.downMbps);
}

/** Energy of that transfer, joules; the tail in which the radio stays up afterwards is not part of it. */
export function transferJ(link: Link, upBytes: number, downBytes: number): number {
  const { upWPerMbps, downWPerMbps, baseW } = link.power;
  const upS = upBytes / bytesPerMs(link.upMbps) / 1_000;
  const downS = downBytes / bytesPerMs(link.downMbps) / 1_000;
  return (upWPerMbps * link.upMbps + baseW) * upS + (downWPerMbps * link.downMbps + baseW) * downS;
}

/** Mean radio power that the SDK is told of, watts. */
export function radioW(link: Link): number {
  const { upWPerMbps, downWPerMbps, baseW } = link.power;
  return baseW + (upWPerMbps * link.upMbps + downWPerMbps * link.downMbps) / 2;
}
