/**
 * Sends requests at their times, whatever became of those before (open loop), and keeps a record of each. Response times
 * count from the scheduled moment, so that a driver or system that falls behind shows instead of hiding.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Detailed } from '../../../sdk/typescript/src/api.ts';
import type { Arrivals } from './arrivals.ts';
import type { LoadTask } from './tasks.ts';

export type LoadOutcome = 'remote' | 'fell-back' | 'error' | 'not-sent' | 'unfinished';

export interface LoadRecord {
  index: number;
  appId: string;
  method: string;
  /** From the start of the run. */
  scheduledMs: number;
  sentMs: number;
  /** From the scheduled moment to the outcome. */
  responseMs: number;
  outcome: LoadOutcome;
  region: string;
  vmId: string;
  hops: number;
  /** Tries that a VM or region refused. */
  refusals: number;
  t1Ms: number;
  t2Ms: number;
  cloudMs: number;
  queueMs: number;
  handoffMs: number;
  /** Why it fell back or failed. */
  detail: string;
}

export type Send = (task: LoadTask) => Promise<Detailed<unknown, unknown>>;

export interface DriveOptions {
  arrivals: Arrivals;
  nextTask: () => LoadTask;
  send: Send;
  /** Ends the run early; whoever fires it makes the calls in flight fail, which are recorded as unfinished. */
  signal: AbortSignal;
  /** Requests in flight beyond which further ones are recorded as not sent. */
  mostInFlight: number;
  onRecord?: (record: LoadRecord) => void;
  onSent?: () => void;
  now?: () => number;
}

export async function drive(options: DriveOptions): Promise<LoadRecord[]> {
  const { signal, mostInFlight, send, onRecord, onSent, now = () => performance.now() } = options;
  const records: LoadRecord[] = [];
  const inFlight = new Set<Promise<void>>();
  const startMs = now();
  let index = 0;

  const finish = (record: LoadRecord, over: Partial<LoadRecord>) => {
    Object.assign(record, over, { responseMs: now() - startMs - record.scheduledMs });
    records.push(record);
    onRecord?.(record);
  };

  const one = async (scheduledMs: number, task: LoadTask) => {
    const record = blank(index, scheduledMs, now() - startMs, task);
    index += 1;
    onSent?.();
    if (inFlight.size >= mostInFlight) return finish(record, { outcome: 'not-sent', detail: 'too many in flight' });
    const request = send(task).then(
      (answer) => finish(record, readAnswer(answer)),
      (error: Error) => finish(record, { outcome: signal.aborted ? 'unfinished' : 'error', detail: error.message }),
    );
    inFlight.add(request);
    void request.finally(() => inFlight.delete(request));
  };

  for (const scheduledMs of options.arrivals) {
    const waitMs = scheduledMs - (now() - startMs);
    // A short wait would only be rounded up by the timer; being a fraction of a millisecond early is nearer.
    if (waitMs > 0.5) await delay(waitMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    void one(scheduledMs, options.nextTask());
  }
  await Promise.all(inFlight);
  return records.sort((a, b) => a.index - b.index);
}

function blank(index: number, scheduledMs: number, sentMs: number, task: LoadTask): LoadRecord {
  const { appId, method } = task;
  const nothing = { responseMs: 0, outcome: 'error', region: '', vmId: '', hops: 0, refusals: 0, detail: '' } as const;
  const times = { t1Ms: 0, t2Ms: 0, cloudMs: 0, queueMs: 0, handoffMs: 0 };
  return { index, appId, method, scheduledMs, sentMs, ...nothing, ...times };
}

function readAnswer(answer: Detailed<unknown, unknown>): Partial<LoadRecord> {
  const { t1Ms, t2Ms, cloudMs, queueMs, handoffMs } = answer.timings;
  const refusals = answer.attempts.filter((a) => a.outcome === 'refused').length;
  const times = { t1Ms, t2Ms, cloudMs, queueMs, handoffMs, refusals };
  if (answer.ranOn.where === 'local') return { ...times, outcome: 'fell-back', detail: answer.why };
  const { region, vmId, hops } = answer.ranOn;
  return { ...times, outcome: 'remote', region, vmId, hops: hops.length };
}
