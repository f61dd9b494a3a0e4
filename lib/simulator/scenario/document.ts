import { parseTrace, type Trace } from '../../domain/forecast/trace.ts';
import type { ScenarioDocument } from '../../ports/contracts/simulate.ts';
import type { Scenario } from './types.ts';

/**
 * Turns a validated document into a scenario.
 *
 * @param readText gives the text of a file that the document names
 * @throws TraceError or RangeError naming what is wrong with the trace
 */
export function scenarioOf(document: ScenarioDocument, readText: (file: string) => string): Scenario {
  const { trace, requests, slots, history, ...rest } = document;
  const common = withoutUndefined(rest);
  if (trace) return { ...common, ...fromTrace(parseTrace(readText(trace.file)), document) };
  if (requests) return { ...common, ...fromRequests(readText(requests.file), document) };
  return { ...common, slots: slots!, ...(Array.isArray(history) && { history }) };
}

/** Zod gives absent options as absent keys, but types them as possibly undefined; this is where the two meet. */
function withoutUndefined(
  rest: Omit<ScenarioDocument, 'trace' | 'requests' | 'slots' | 'history'>,
): Omit<Scenario, 'slots' | 'history'> {
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return present as Omit<Scenario, 'slots' | 'history'>;
}

function fromTrace(trace: Trace, document: ScenarioDocument): Pick<Scenario, 'slots' | 'slotS' | 'startMs'> {
  const { unit = 'count', firstSlot, slots, scaleToMeanPerS, scaleToPeakPerS } = document.trace!;
  const slotS = document.slotS ?? trace.slotS;
  const startMs = trace.slots[0]!.slotStartMs;
  const rates = resample(ratesOf(trace, unit), trace.slotS, slotS);
  const history = typeof document.history === 'number' ? document.history : 0;
  const first = firstSlot ?? history;
  if (first < history) {
    throw new RangeError(
      `trace.firstSlot is ${first}: with a history of ${history} slots it must be ${history} or more`,
    );
  }
  if (first >= rates.length) throw new RangeError(`trace.firstSlot is ${first}: the trace has ${rates.length} slots`);
  const window = rates.slice(first, slots === undefined ? undefined : first + slots);
  const mean = window.reduce((a, b) => a + b, 0) / window.length;
  const peak = window.reduce((a, b) => Math.max(a, b), 0);
  const scale = scaleToMeanPerS ? scaleToMeanPerS / mean : scaleToPeakPerS ? scaleToPeakPerS / peak : 1;
  if (!Number.isFinite(scale))
    throw new RangeError('the trace has no requests in the slots to simulate: nothing to scale');
  const scaled = (list: readonly number[]) => list.map((rate) => ({ arrivalRatePerS: rate * scale }));
  return {
    slots: scaled(window),
    slotS,
    startMs: document.startMs ?? startMs + first * slotS * 1000,
    ...(document.timeZone === undefined && { timeZone: trace.timeZone }),
    ...(Array.isArray(document.history)
      ? { history: document.history }
      : { history: scaled(rates.slice(first - history, first)) }),
  };
}

/** Rates per second slot by slot; slots that are missing or unknown take the one before. */
function ratesOf(trace: Trace, unit: 'count' | 'ratePerS'): number[] {
  const startMs = trace.slots[0]!.slotStartMs;
  const rates: number[] = [];
  for (const { slotStartMs, count } of trace.slots) {
    const k = Math.round((slotStartMs - startMs) / (trace.slotS * 1000));
    while (rates.length < k) rates.push(rates.at(-1) ?? 0);
    rates[k] = count === null ? (rates[k - 1] ?? 0) : unit === 'count' ? count / trace.slotS : count;
  }
  return rates;
}

/** Mean rates over slots of another length. */
function resample(rates: readonly number[], fromS: number, toS: number): number[] {
  if (fromS === toS) return [...rates];
  const slots = Math.floor((rates.length * fromS) / toS + 1e-9);
  return Array.from({ length: slots }, (_, k) => {
    let sum = 0;
    let at = k * toS;
    const end = at + toS;
    while (at < end - 1e-9) {
      const i = Math.floor(at / fromS + 1e-9);
      const next = Math.min(end, (i + 1) * fromS);
      sum += (rates[i] ?? 0) * (next - at);
      at = next;
    }
    return sum / toS;
  });
}

/** A per-request trace: exact arrival times, and demands when a column is named; slots carry its rates for plans and bounds. */
function fromRequests(text: string, document: ScenarioDocument): Pick<Scenario, 'slots' | 'slotS' | 'arrivals'> {
  const { demandColumn } = document.requests!;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const header = (lines[0] ?? '').split(',').map((cell) => cell.trim());
  const timeAt = header.findIndex((name) => name.toLowerCase() === 'timestamp');
  const demandAt = demandColumn === undefined ? -1 : header.indexOf(demandColumn);
  if (timeAt < 0) throw new RangeError(`requests.file needs a "timestamp" column, its header is "${lines[0] ?? ''}"`);
  if (demandColumn !== undefined && demandAt < 0) {
    throw new RangeError(`requests.demandColumn is "${demandColumn}", the columns are ${header.join(', ')}`);
  }
  const rows = lines.slice(1).map((line, i) => {
    const cells = line.split(',');
    const stamp = (cells[timeAt] ?? '').trim();
    const atMs = Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(stamp) ? stamp : `${stamp.replace(' ', 'T')}Z`);
    const demand = demandAt < 0 ? 1 : Number(cells[demandAt]);
    if (Number.isNaN(atMs)) throw new RangeError(`requests.file, request ${i + 1}: "${stamp}" is not a time stamp`);
    if (!(demand >= 0)) throw new RangeError(`requests.file, request ${i + 1}: "${cells[demandAt]}" is not a demand`);
    // Milliseconds from the parser, what is finer from the text: requests may be microseconds apart.
    const fraction = /\.(\d{4,9})/.exec(stamp)?.[1];
    const finerS = fraction ? Number(`0.000${fraction.slice(3)}`) : 0;
    return { atS: atMs / 1000 + finerS, demand };
  });
  if (rows.length === 0) throw new RangeError('requests.file has no requests');
  rows.sort((a, b) => a.atS - b.atS);
  const slotS = document.slotS ?? 600;
  const firstS = rows[0]!.atS;
  const timesS = rows.map((row) => row.atS - firstS);
  const counts = new Array<number>(Math.floor(timesS.at(-1)! / slotS) + 1).fill(0);
  for (const t of timesS) counts[Math.floor(t / slotS)]!++;
  return {
    slots: counts.map((count) => ({ arrivalRatePerS: count / slotS })),
    slotS,
    arrivals: { process: 'times', timesS, ...(demandAt >= 0 && { demands: rows.map((row) => row.demand) }) },
  };
}
