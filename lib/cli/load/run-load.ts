/** One load run against a system: schedule and tasks in, records and summary out. */
import type { Offloaded } from '../../../sdk/typescript/src/api.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import { CliError, ExitCode } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import type { System } from '../system.ts';
import type { Schedule } from './arrivals.ts';
import { openCsv } from './csv-file.ts';
import { drive, type LoadRecord, type Send } from './drive.ts';
import { loadProgress } from './progress.ts';
import { renderSummary, summarise, toCsv } from './summary.ts';
import type { LoadTask } from './tasks.ts';

export interface LoadRun {
  system: System;
  schedule: Schedule;
  nextTask: () => LoadTask;
  route: 'direct' | 'proxy';
  slaId: string | undefined;
  deadlineMs: number;
  idempotent: boolean;
  mostInFlight: number;
  csv: string | undefined;
  json: boolean;
}

/** Runs it and prints the summary, also when ended by Ctrl-C. @returns the exit code */
export async function runLoad(run: LoadRun): Promise<number> {
  const { endpoints, deviceKey } = run.system;
  const csv = await openCsv(run.csv);
  const oaas = new OaaS({ endpoints, apiKey: deviceKey, route: run.route });
  const stop = new AbortController();
  // Closing ends the calls in flight; thousands of listeners on one signal would not do.
  const onInterrupt = () => {
    stop.abort();
    oaas.close();
  };
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const progress = loadProgress(run.schedule.expected, run.schedule.durationMs);
  const startMs = performance.now();
  let records: LoadRecord[];
  try {
    await oaas.ready();
    if (oaas.regions().every((r) => r.down)) {
      throw new CliError(
        `no region answers: ${oaas
          .regions()
          .map((r) => r.url)
          .join(', ')}`,
      );
    }
    records = await drive({
      arrivals: run.schedule.arrivals,
      nextTask: run.nextTask,
      send: sender(oaas, run),
      signal: stop.signal,
      mostInFlight: run.mostInFlight,
      onSent: progress.sent,
      onRecord: progress.done,
    });
  } finally {
    progress.stop();
    oaas.close();
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGTERM', onInterrupt);
  }
  const unwritten = await csv.write(() => toCsv(records));
  const summary = summarise(records, performance.now() - startMs, stop.signal.aborted);
  if (run.json) writeJson(summary);
  else writeLine(renderSummary(summary));
  if (unwritten !== null) throw unwritten;
  if (stop.signal.aborted) return ExitCode.interrupted;
  return records.length > 0 && summary.outcomes.remote === 0 ? ExitCode.failure : ExitCode.ok;
}

/** The fallback is counted, not run: the driver's processor belongs to the load. */
const fallback = () => null;

function sender(oaas: OaaS, run: LoadRun): Send {
  const { slaId, idempotent, deadlineMs } = run;
  const declared = new Map<string, Offloaded<unknown, unknown>>();
  return (task) => {
    const key = `${task.appId} ${task.method}`;
    let offloaded = declared.get(key);
    if (offloaded === undefined) {
      const options = { prefer: 'remote', idempotent, deadlineMs, ...(slaId === undefined ? {} : { slaId }) } as const;
      offloaded = oaas.offload<unknown, unknown>(task.appId, task.method, fallback, { ...options, prefetch: false });
      declared.set(key, offloaded);
    }
    return offloaded.detailed(task.args);
  };
}
