/** Reads a load trace: a CSV of counts per slot, or of one time stamp per request. */
import { badInput } from '../errors.ts';
import type { Trace } from './arrivals.ts';

const timeColumns = [
  'timestamp',
  'time',
  'time_ms',
  'time_s',
  'arrival',
  'arrived_at',
  'slot_start',
  'datetime',
  'date',
];
const countColumns = ['count', 'requests', 'arrivals'];

/**
 * `#` lines are comments; `# slot_seconds=600` names the slot length. A column `count` (or `requests`, `arrivals`) makes it
 * counts per slot, else each row is one request at its time stamp (ISO date in UTC, or seconds, or ms in a column
 * `time_ms`). A file without a header is one time in seconds per row.
 *
 * @param source named in errors
 * @throws CliError (exit 2) naming the line and what was read there
 */
export function parseTrace(text: string, source: string, slotMs?: number): Trace {
  const slotSeconds = /^#\s*slot_seconds\s*=\s*([\d.]+)/m.exec(text)?.[1];
  const lines = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) throw badInput(`${source} has no rows`);
  const first = cells(lines[0]!.line);
  const hasHeader = first.every((cell) => Number.isNaN(timeMs(cell, false)));
  const header = hasHeader ? first.map((cell) => cell.toLowerCase()) : ['time_s'];
  const rows = hasHeader ? lines.slice(1) : lines;
  if (rows.length === 0) throw badInput(`${source} has a header and no rows`);
  const countAt = header.findIndex((name) => countColumns.includes(name));
  const timeAt = header.findIndex((name) => timeColumns.includes(name));
  if (countAt >= 0) {
    const counts = rows.map(({ line, number }) => {
      const cell = cells(line)[countAt] ?? '';
      const count = cell === '' ? Number.NaN : Number(cell);
      if (!(count >= 0 && Number.isFinite(count)))
        throw badInput(`${source}:${number}: count must be 0 or more, received "${cell}"`);
      return count;
    });
    const stamped =
      timeAt < 0
        ? []
        : rows.slice(0, 2).map(({ line }) => timeMs(cells(line)[timeAt] ?? '', header[timeAt] === 'time_ms'));
    const gapMs = stamped.length === 2 ? stamped[1]! - stamped[0]! : Number.NaN;
    const length = slotMs ?? (slotSeconds === undefined ? gapMs : Number(slotSeconds) * 1_000);
    if (!(length > 0))
      throw badInput(`${source} does not say how long a slot is: add --slot 10m or a line "# slot_seconds=600"`);
    return { kind: 'counts', slotMs: length, counts };
  }
  if (timeAt < 0) {
    throw badInput(
      `${source}:${lines[0]!.number}: no column is named ${countColumns.join(', ')} (counts per slot) or ${timeColumns.join(', ')} (one request per row); received ${first.join(', ')}`,
    );
  }
  const times = rows.map(({ line, number }) => {
    const cell = cells(line)[timeAt] ?? '';
    const at = timeMs(cell, header[timeAt] === 'time_ms');
    if (!Number.isFinite(at)) throw badInput(`${source}:${number}: not a time: "${cell}"`);
    return at;
  });
  times.sort((a, b) => a - b);
  const startMs = times[0]!;
  return { kind: 'requests', timesMs: times.map((t) => t - startMs) };
}

/** A cell as ms: a number is seconds (or ms), anything else an ISO date, taken as UTC without a zone. */
function timeMs(cell: string, inMs: boolean): number {
  if (/^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(cell)) return Number(cell) * (inMs ? 1 : 1_000);
  if (!/^\d{4}-\d\d-\d\d/.test(cell)) return Number.NaN;
  const iso = cell.replace(' ', 'T');
  return Date.parse(/(Z|[-+]\d\d:?\d\d)$/.test(iso) ? iso : `${iso.includes('T') ? iso : `${iso}T00:00:00`}Z`);
}

const cells = (line: string): string[] => line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
