/** What a load run came to. */
import { table } from '../io.ts';
import type { LoadOutcome, LoadRecord } from './drive.ts';

export interface Percentiles {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface LoadSummary {
  durationS: number;
  requests: number;
  outcomes: Record<LoadOutcome, number>;
  /** Tries that a VM or region refused; one request may be refused several times and still be served. */
  refusals: number;
  offeredPerS: number;
  servedPerS: number;
  /** Requests served remotely, from their scheduled moment; null: none. */
  responseMs: Percentiles | null;
  /** Mean of each part of the response of those, and its share. `otherMs`: on the device, scheduling included. */
  parts: Record<
    't1Ms' | 't2Ms' | 'queueMs' | 'cloudMs' | 'handoffMs' | 'otherMs',
    { mean: number; share: number }
  > | null;
  perMethod: { appId: string; method: string; requests: number; served: number; meanMs: number; p95Ms: number }[];
  perVm: { region: string; vmId: string; served: number; share: number }[];
  /** The most frequent reasons of errors and fallbacks. */
  causes: { detail: string; requests: number }[];
  interrupted: boolean;
}

/**
 * @param elapsedMs from the first scheduled moment to the last outcome
 */
export function summarise(records: readonly LoadRecord[], elapsedMs: number, interrupted: boolean): LoadSummary {
  const outcomes: Record<LoadOutcome, number> = { remote: 0, 'fell-back': 0, error: 0, 'not-sent': 0, unfinished: 0 };
  for (const record of records) outcomes[record.outcome] += 1;
  const served = records.filter((r) => r.outcome === 'remote');
  const durationS = elapsedMs / 1_000;
  const perSecond = (count: number) => (durationS > 0 ? count / durationS : 0);
  return {
    durationS,
    requests: records.length,
    outcomes,
    refusals: records.reduce((sum, r) => sum + r.refusals, 0),
    offeredPerS: perSecond(records.length),
    servedPerS: perSecond(served.length),
    responseMs: percentiles(served.map((r) => r.responseMs)),
    parts: partsOf(served),
    perMethod: perMethod(records),
    perVm: perVm(served),
    causes: causesOf(records),
    interrupted,
  };
}

/** Nearest-rank percentiles; null of nothing. */
export function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return { mean, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1)! };
}

const partNames = ['t1Ms', 't2Ms', 'queueMs', 'cloudMs', 'handoffMs'] as const;

function partsOf(served: readonly LoadRecord[]): LoadSummary['parts'] {
  if (served.length === 0) return null;
  const mean = (value: (r: LoadRecord) => number) => served.reduce((sum, r) => sum + value(r), 0) / served.length;
  const total = mean((r) => r.responseMs);
  const part = (ms: number) => ({ mean: ms, share: total > 0 ? ms / total : 0 });
  const [t1, t2, queue, cloud, handoff] = partNames.map((name) => mean((r) => r[name])) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    t1Ms: part(t1),
    t2Ms: part(t2),
    queueMs: part(queue),
    cloudMs: part(cloud),
    handoffMs: part(handoff),
    otherMs: part(Math.max(0, total - t1 - t2 - queue - cloud - handoff)),
  };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function perMethod(records: readonly LoadRecord[]): LoadSummary['perMethod'] {
  return groupBy(records, (r) => `${r.appId} ${r.method}`).map((group) => {
    const { appId, method } = group[0]!;
    const times = percentiles(group.filter((r) => r.outcome === 'remote').map((r) => r.responseMs));
    const served = group.filter((r) => r.outcome === 'remote').length;
    return { appId, method, requests: group.length, served, meanMs: times?.mean ?? 0, p95Ms: times?.p95 ?? 0 };
  });
}

function perVm(served: readonly LoadRecord[]): LoadSummary['perVm'] {
  return groupBy(served, (r) => r.vmId).map((group) => {
    const { region, vmId } = group[0]!;
    return { region, vmId, served: group.length, share: group.length / served.length };
  });
}

function causesOf(records: readonly LoadRecord[]): LoadSummary['causes'] {
  const failed = records.filter((r) => r.outcome !== 'remote' && r.detail !== '');
  return groupBy(failed, (r) => r.detail.replaceAll(/\d+/g, 'N'))
    .slice(0, 5)
    .map((group) => ({ detail: group[0]!.detail, requests: group.length }));
}

const fixed = (value: number) => value.toFixed(value < 10 ? 2 : 1);
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** The summary as text tables. */
export function renderSummary(summary: LoadSummary): string {
  const { outcomes, responseMs, parts } = summary;
  const lines = [
    `${summary.requests} requests in ${summary.durationS.toFixed(1)} s${summary.interrupted ? ' (interrupted)' : ''}: ` +
      `offered ${fixed(summary.offeredPerS)}/s, served ${fixed(summary.servedPerS)}/s`,
    '',
    table(
      ['served', 'fell back', 'errors', 'not sent', 'unfinished', 'refused tries'],
      [
        [
          outcomes.remote,
          outcomes['fell-back'],
          outcomes.error,
          outcomes['not-sent'],
          outcomes.unfinished,
          summary.refusals,
        ].map(String),
      ],
    ),
  ];
  if (responseMs !== null && parts !== null) {
    lines.push(
      '',
      table(
        ['response ms', 'mean', 'p50', 'p95', 'p99', 'max'],
        [['', ...[responseMs.mean, responseMs.p50, responseMs.p95, responseMs.p99, responseMs.max].map(fixed)]],
      ),
      '',
      table(
        ['parts of it', 'T1 placement', 'T2 network', 'queue', 'Tcloud', 'hand-off', 'other'],
        (['mean', 'share'] as const).map((what) => [
          what === 'mean' ? 'ms' : 'share',
          ...[parts.t1Ms, parts.t2Ms, parts.queueMs, parts.cloudMs, parts.handoffMs, parts.otherMs].map((part) =>
            what === 'mean' ? fixed(part.mean) : percent(part.share),
          ),
        ]),
      ),
      '',
      table(
        ['app', 'method', 'requests', 'served', 'mean ms', 'p95 ms'],
        summary.perMethod.map((m) => [
          m.appId,
          m.method,
          String(m.requests),
          String(m.served),
          fixed(m.meanMs),
          fixed(m.p95Ms),
        ]),
      ),
      '',
      table(
        ['VM', 'region', 'served', 'share'],
        summary.perVm.slice(0, 20).map((vm) => [vm.vmId, vm.region, String(vm.served), percent(vm.share)]),
      ),
    );
  }
  if (summary.causes.length > 0) {
    lines.push('', 'why not served:', ...summary.causes.map((c) => `  ${c.requests} x ${c.detail}`));
  }
  return lines.join('\n');
}

const csvColumns = [
  'index',
  'appId',
  'method',
  'scheduledMs',
  'sentMs',
  'responseMs',
  'outcome',
  'region',
  'vmId',
  'hops',
  'refusals',
  't1Ms',
  't2Ms',
  'queueMs',
  'cloudMs',
  'handoffMs',
  'detail',
] as const satisfies readonly (keyof LoadRecord)[];

/** One line per request, RFC 4180. */
export function toCsv(records: readonly LoadRecord[]): string {
  const cell = (value: string | number) =>
    typeof value === 'number'
      ? String(Math.round(value * 1_000) / 1_000)
      : /[",\r\n]/.test(value)
        ? `"${value.replaceAll('"', '""')}"`
        : value;
  const lines = records.map((record) => csvColumns.map((name) => cell(record[name])).join(','));
  return `${csvColumns.join(',')}\n${lines.map((line) => `${line}\n`).join('')}`;
}
