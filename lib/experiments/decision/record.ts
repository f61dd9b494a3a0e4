/**
 * One task of a recorded population with both its outcomes, so that any rule can be judged on it afterwards.
 *
 * Two kinds of columns: what the device could know when it decided (`predictedMs`, `regionRttMs`), and outcomes, of which a rule
 * sees only those of the sides that it ran, and not before they had ended.
 */
import type { Table } from '../experiment.ts';

export interface RecordedTask {
  /** When the device began to decide, from the start of the run. */
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
  localJ: number;
  /** What the region had predicted with the last ticket; null: there was none. */
  predictedMs: number | null;
  /** Measured round trip to the region; null: not yet measured. */
  regionRttMs: number | null;
}

export interface RemoteOutcomeRecord {
  /** Placement (0 with a ticket at hand), round trip, bytes over bandwidth, on the surrogate. */
  placementMs: number;
  rttMs: number;
  transferMs: number;
  serverMs: number;
  /** CPU of it, on the reference core. */
  cpuMs: number;
  upBytes: number;
  downBytes: number;
  /** The remote side would not have it and said so after this time, whereupon the device ran it; null: it ran there. */
  refusedMs: number | null;
  remoteJ: number;
}

export type DecisionRecord = RecordedTask & RemoteOutcomeRecord;

/** From the decision to the result when the remote side is asked, a refusal's local run included. */
export const remoteMsOf = (r: RemoteOutcomeRecord & { localMs: number }): number =>
  r.refusedMs === null ? r.placementMs + r.rttMs + r.transferMs + r.serverMs : r.refusedMs + r.localMs;

type Kind = 'text' | 'number' | 'number or nothing';

export const taskColumns = {
  deviceClass: 'text',
  link: 'text',
  appId: 'text',
  method: 'text',
  size: 'text',
  atMs: 'number',
  device: 'number',
  localMs: 'number',
  localJ: 'number',
  predictedMs: 'number or nothing',
  regionRttMs: 'number or nothing',
} as const satisfies Record<keyof RecordedTask, Kind>;

export const remoteColumns = {
  placementMs: 'number',
  rttMs: 'number',
  transferMs: 'number',
  serverMs: 'number',
  cpuMs: 'number',
  upBytes: 'number',
  downBytes: 'number',
  refusedMs: 'number or nothing',
  remoteJ: 'number',
} as const satisfies Record<keyof RemoteOutcomeRecord, Kind>;

const columns: Readonly<Record<string, Kind>> = { ...taskColumns, ...remoteColumns };
const header = Object.keys(columns) as (keyof DecisionRecord)[];

export function recordTable(name: string, records: readonly DecisionRecord[]): Table {
  return { name, header, rows: records.map((r) => header.map((column) => r[column] ?? '')) };
}

/**
 * Reads what `oaas load population --csv` wrote.
 *
 * @throws RangeError naming the line and what was read there
 */
export function parseRecords(text: string, source: string): DecisionRecord[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const found = (lines[0] ?? '').split(',');
  const missing = header.filter((column) => !found.includes(column));
  if (missing.length > 0)
    throw new RangeError(`${source} has no column ${missing.join(', ')}; its first line is "${lines[0] ?? ''}"`);
  const records: DecisionRecord[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    const cells = new Map(line.split(',').map((cell, i) => [found[i], cell]));
    // A task whose other side could not be had says nothing of a decision.
    if (cells.get('localMs') === '' || cells.get('serverMs') === '') continue;
    const value = (column: string): string | number | null => {
      const cell = cells.get(column) ?? '';
      if (columns[column] === 'text') return cell;
      if (cell === '' && columns[column] === 'number or nothing') return null;
      const number = cell === '' ? Number.NaN : Number(cell);
      if (!Number.isFinite(number) || number < 0)
        throw new RangeError(`${source}:${index + 2}: ${column} must be a number of 0 or more, received "${cell}"`);
      return number;
    };
    records.push(Object.fromEntries(header.map((column) => [column, value(column)])) as unknown as DecisionRecord);
  }
  return records.sort((a, b) => a.atMs - b.atMs);
}
