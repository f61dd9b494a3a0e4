/** What a run of a population came to, against all tasks on the device and all on surrogates. */
import {
  type RecordedTask,
  type RemoteOutcomeRecord,
  remoteColumns,
  remoteMsOf,
  taskColumns,
} from '../../../experiments/decision/record.ts';
import type { PopulationOutput } from '../../../ports/contracts/cli-output.ts';
import { table } from '../../io.ts';
import { percentiles } from '../summary.ts';

export type PopulationOutcome = 'local' | 'remote' | 'fell-back' | 'error' | 'not-sent' | 'unfinished';

export interface PopulationRecord extends RecordedTask {
  outcome: PopulationOutcome;
  /** The decision's code, or what overruled it. */
  reason: string;
  responseMs: number;
  joules: number;
  /** Measured, by this call or a shadow of it; null: not known. */
  remote: RemoteOutcomeRecord | null;
}

type Known = PopulationRecord & { remote: RemoteOutcomeRecord };

const remoteMs = ({ remote, localMs }: Known): number => remoteMsOf({ ...remote, localMs });

export function reportPopulation(
  records: readonly PopulationRecord[],
  durationS: number,
  interrupted: boolean,
): PopulationOutput {
  const outcomes = { local: 0, remote: 0, 'fell-back': 0, error: 0, 'not-sent': 0, unfinished: 0 };
  const reasons = new Map<string, number>();
  for (const { outcome, reason } of records) {
    outcomes[outcome] += 1;
    if (outcome !== 'not-sent' && outcome !== 'unfinished') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const done = records.filter((r) => r.outcome === 'local' || r.outcome === 'remote' || r.outcome === 'fell-back');
  const compared = done.filter((r): r is Known => r.remote !== null);
  const classes = [...new Set(done.map((r) => r.deviceClass))].sort();
  return {
    durationS,
    devices: new Set(records.map((r) => r.device)).size,
    tasks: records.length,
    outcomes,
    reasons: [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, tasks]) => ({ reason, tasks })),
    responseMs: percentiles(done.map((r) => r.responseMs)),
    compared: comparisonOf(compared),
    perClass: classes.map((deviceClass) => ({
      deviceClass,
      tasks: done.filter((r) => r.deviceClass === deviceClass).length,
      compared: comparisonOf(compared.filter((r) => r.deviceClass === deviceClass)),
    })),
    interrupted,
  };
}

function comparisonOf(known: readonly Known[]): PopulationOutput['compared'] {
  if (known.length === 0) return null;
  const mean = (of: (r: Known) => number) => known.reduce((sum, r) => sum + of(r), 0) / known.length;
  const side = (ms: (r: Known) => number, joules: (r: Known) => number) => ({ meanMs: mean(ms), meanJ: mean(joules) });
  const ours = side(
    (r) => r.responseMs,
    (r) => r.joules,
  );
  const allLocal = side(
    (r) => r.localMs,
    (r) => r.localJ,
  );
  const allRemote = side(remoteMs, (r) => r.remote.remoteJ);
  const oracleMs = mean((r) => Math.min(r.localMs, remoteMs(r)));
  const saved = (against: { meanMs: number; meanJ: number }) => ({
    time: 1 - ours.meanMs / against.meanMs,
    energy: 1 - ours.meanJ / against.meanJ,
  });
  return {
    tasks: known.length,
    remoteShare: known.filter((r) => r.outcome === 'remote').length / known.length,
    ours,
    allLocal,
    allRemote,
    savedAgainstLocal: saved(allLocal),
    savedAgainstRemote: saved(allRemote),
    regret: ours.meanMs / oracleMs - 1,
  };
}

const share = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** The report as text tables. */
export function renderPopulation(report: PopulationOutput): string {
  const { outcomes, responseMs } = report;
  const lines = [
    `${report.tasks} tasks of ${report.devices} devices in ${report.durationS.toFixed(1)} s${report.interrupted ? ' (interrupted)' : ''}`,
    '',
    table(
      ['on the device', 'remote', 'fell back', 'errors', 'not sent', 'unfinished'],
      [Object.values({ ...outcomes }).map(String)],
    ),
  ];
  if (responseMs !== null) {
    const { mean, p50, p95, p99 } = responseMs;
    lines.push(
      '',
      table(['response ms', 'mean', 'p50', 'p95', 'p99'], [['', ...[mean, p50, p95, p99].map((v) => v.toFixed(1))]]),
    );
  }
  const { compared } = report;
  if (compared !== null) {
    const row = (
      name: string,
      side: { meanMs: number; meanJ: number },
      saved: { time: number; energy: number } | null,
    ) => [
      name,
      side.meanMs.toFixed(1),
      side.meanJ.toFixed(4),
      saved === null ? '' : share(saved.time),
      saved === null ? '' : share(saved.energy),
    ];
    lines.push(
      '',
      table(
        [`${compared.tasks} tasks with both outcomes known`, 'mean ms', 'mean J', 'time saved by OaaS', 'energy saved'],
        [
          row('OaaS', compared.ours, null),
          row('all on the device', compared.allLocal, compared.savedAgainstLocal),
          row('all remote', compared.allRemote, compared.savedAgainstRemote),
        ],
      ),
      '',
      `regret against the oracle: ${share(compared.regret)} of its mean time`,
      '',
      table(
        ['device class', 'tasks', 'remote', 'OaaS ms', 'local ms', 'remote ms', 'OaaS J', 'local J'],
        report.perClass.map(({ deviceClass, tasks, compared: own }) => [
          deviceClass,
          String(tasks),
          ...(own === null
            ? ['', '', '', '', '', '']
            : [
                share(own.remoteShare),
                own.ours.meanMs.toFixed(1),
                own.allLocal.meanMs.toFixed(1),
                own.allRemote.meanMs.toFixed(1),
                own.ours.meanJ.toFixed(4),
                own.allLocal.meanJ.toFixed(4),
              ]),
        ]),
      ),
    );
  }
  lines.push(
    '',
    table(
      ['reason', 'tasks'],
      report.reasons.map((r) => [r.reason, String(r.tasks)]),
    ),
  );
  return lines.join('\n');
}

const ownColumns = ['outcome', 'reason', 'responseMs', 'joules'] as const;

/** One line per task; `npx oaas experiment run decision --file` reads it. @param head comment lines */
export function populationCsv(records: readonly PopulationRecord[], head: readonly string[]): string {
  // Causes of errors are the only free text; without separators every line splits at its commas.
  const cell = (value: string | number | null | undefined) =>
    typeof value === 'number' ? String(Math.round(value * 1e6) / 1e6) : (value ?? '').replaceAll(/[",\r\n]+/g, ';');
  const ofTask = [...(Object.keys(taskColumns) as (keyof RecordedTask)[]), ...ownColumns];
  const ofRemote = Object.keys(remoteColumns) as (keyof RemoteOutcomeRecord)[];
  const lines = records.map((record) =>
    [...ofTask.map((name) => cell(record[name])), ...ofRemote.map((name) => cell(record.remote?.[name]))].join(','),
  );
  return [...head.map((line) => `# ${line}`), [...ofTask, ...ofRemote].join(','), ...lines, ''].join('\n');
}
