/** One task of a recorded population with both its outcomes, so that any rule can be judged on it afterwards. */
import type { Table } from '../experiment.ts';

export interface DecisionRecord {
  atMs: number;
  device: number;
  deviceClass: string;
  link: string;
  appId: string;
  method: string;
  /** Calls of the same size take about as long as each other. */
  size: string;
  /** On the device. */
  localMs: number;
  /** Parts of the remote outcome: placement (0 with a ticket at hand), round trip, bytes over bandwidth, on the surrogate. */
  placementMs: number;
  rttMs: number;
  transferMs: number;
  serverMs: number;
  /** CPU of it, on the reference core. */
  cpuMs: number;
  /** What the region predicted for the pool. */
  predictedMs: number;
  upBytes: number;
  downBytes: number;
  localJ: number;
  remoteJ: number;
}

export const remoteMsOf = (r: DecisionRecord): number => r.placementMs + r.rttMs + r.transferMs + r.serverMs;

const texts = ['deviceClass', 'link', 'appId', 'method', 'size'] as const;
const numbers = [
  'atMs',
  'device',
  'localMs',
  'placementMs',
  'rttMs',
  'transferMs',
  'serverMs',
  'cpuMs',
  'predictedMs',
  'upBytes',
  'downBytes',
  'localJ',
  'remoteJ',
] as const;

export function recordTable(name: string, records: readonly DecisionRecord[]): Table {
  const header = [...texts, ...numbers];
  return {
    name,
    header,
    rows: records.map((r) => header.map((column) => r[column])),
  };
}

/**
 * Reads what `oaas load population --csv` wrote.
 *
 * @throws RangeError naming the line and what was read there
 */
export function parseRecords(text: string, source: string): DecisionRecord[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const header = (lines[0] ?? '').split(',');
  const missing = [...texts, ...numbers].filter((column) => !header.includes(column));
  if (missing.length > 0)
    throw new RangeError(`${source} has no column ${missing.join(', ')}; its first line is "${lines[0] ?? ''}"`);
  const records: DecisionRecord[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    const cells = new Map(line.split(',').map((cell, i) => [header[i], cell]));
    // A task whose other side could not be had says nothing of a decision.
    if (cells.get('localMs') === '' || cells.get('serverMs') === '') continue;
    const text = (column: (typeof texts)[number]): string => cells.get(column) ?? '';
    const number = (column: (typeof numbers)[number]): number => {
      const cell = cells.get(column) ?? '';
      const value = cell === '' ? Number.NaN : Number(cell);
      if (!Number.isFinite(value) || value < 0)
        throw new RangeError(`${source}:${index + 2}: ${column} must be a number of 0 or more, received "${cell}"`);
      return value;
    };
    records.push({
      atMs: number('atMs'),
      device: number('device'),
      deviceClass: text('deviceClass'),
      link: text('link'),
      appId: text('appId'),
      method: text('method'),
      size: text('size'),
      localMs: number('localMs'),
      placementMs: number('placementMs'),
      rttMs: number('rttMs'),
      transferMs: number('transferMs'),
      serverMs: number('serverMs'),
      cpuMs: number('cpuMs'),
      predictedMs: number('predictedMs'),
      upBytes: number('upBytes'),
      downBytes: number('downBytes'),
      localJ: number('localJ'),
      remoteJ: number('remoteJ'),
    });
  }
  return records.sort((a, b) => a.atMs - b.atMs);
}
