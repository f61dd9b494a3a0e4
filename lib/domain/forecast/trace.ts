import { zoneOffsetMs } from './local-time.ts';
import type { SlotObservation } from './types.ts';

/** A series of slot counts, with what its header said. */
export interface Trace {
  slotS: number;
  /** Zone in which its time stamps are written: "UTC" unless the header says otherwise. */
  timeZone: string;
  slots: SlotObservation[];
}

/** A problem of a trace's text, with its line number. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/**
 * Reads a trace: CSV with a header naming `timestamp` and `count` (other columns are ignored), and optional `# key=value` lines
 * of which `slot_seconds` and `timezone` count. Time stamps without an offset are in that zone; an empty count is unknown.
 *
 * @throws TraceError naming the line, the value received and what is expected
 */
export function parseTrace(text: string): Trace {
  const lines = text.split(/\r?\n/);
  const head = new Map<string, string>();
  let columns: string[] | null = null;
  const rows: { line: number; timestamp: string; count: string }[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    if (line.startsWith('#')) {
      const pair = /^#\s*([\w-]+)\s*=\s*(.*)$/.exec(line);
      if (pair) head.set(pair[1]!, pair[2]!.trim());
      return;
    }
    const cells = line.split(',').map((cell) => cell.trim());
    if (columns === null) {
      columns = cells;
      for (const name of ['timestamp', 'count']) {
        if (!columns.includes(name)) {
          throw new TraceError(`line ${i + 1}: the header must name a "${name}" column, received "${line}"`);
        }
      }
      return;
    }
    rows.push({
      line: i + 1,
      timestamp: cells[columns.indexOf('timestamp')] ?? '',
      count: cells[columns.indexOf('count')] ?? '',
    });
  });
  const timeZone = /^(UTC[+-]?[\d:]*|[A-Za-z_]+\/[A-Za-z_/+-]+)/.exec(head.get('timezone') ?? '')?.[1] ?? 'UTC';
  const slots = rows.map((row) => parseRow(row, timeZone));
  if (slots.length < 2) throw new TraceError(`a trace needs at least two slots, received ${slots.length}`);
  slots.forEach((slot, i) => {
    if (i > 0 && slot.slotStartMs <= slots[i - 1]!.slotStartMs) {
      throw new TraceError(
        `line ${rows[i]!.line}: time stamps must rise, received "${rows[i]!.timestamp}" after "${rows[i - 1]!.timestamp}"`,
      );
    }
  });
  const slotS = head.has('slot_seconds') ? Number(head.get('slot_seconds')) : leastStep(slots) / 1000;
  if (!(slotS >= 1 && slotS <= 86_400)) {
    throw new TraceError(`slot_seconds must lie between 1 and 86400, received "${head.get('slot_seconds') ?? slotS}"`);
  }
  return { slotS, timeZone, slots };
}

function parseRow(row: { line: number; timestamp: string; count: string }, timeZone: string): SlotObservation {
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(row.timestamp);
  const asUtc = Date.parse(zoned ? row.timestamp : `${row.timestamp.replace(' ', 'T')}Z`);
  if (Number.isNaN(asUtc)) {
    throw new TraceError(
      `line ${row.line}: "timestamp" must be ISO 8601 such as 2026-03-01T00:10:00, received "${row.timestamp}"`,
    );
  }
  const count = row.count === '' ? null : Number(row.count);
  if (count !== null && !(count >= 0 && count < Number.POSITIVE_INFINITY)) {
    throw new TraceError(
      `line ${row.line}: "count" must be zero or more, or empty when unknown, received "${row.count}"`,
    );
  }
  return { slotStartMs: zoned ? asUtc : asUtc - zoneOffsetMs(timeZone, asUtc), count };
}

function leastStep(slots: readonly SlotObservation[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < slots.length; i++) least = Math.min(least, slots[i]!.slotStartMs - slots[i - 1]!.slotStartMs);
  return least;
}
