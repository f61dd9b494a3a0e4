/** What a task comes to under a choice: one side, or both for as long as the SDK would run both. */
import { type DecisionRecord, remoteMsOf } from './record.ts';

export interface Choice {
  where: 'local' | 'remote';
  /** Of remote: without an answer by then the device starts as well, 0: at once; null: it waits. */
  hedgeMs: number | null;
  /** Once the device has started, it hears nothing until it is done. */
  blocking?: boolean;
  /** A side that lost a race is let finish, to be measured. */
  finish?: { local: boolean; remote: boolean };
}

/** What is known of one side afterwards. */
export interface Seen {
  /** Of the run itself; where it was given up, the time until then. */
  ms: number;
  whole: boolean;
  /** From the decision. */
  endMs: number;
}

export interface Outcome {
  ms: number;
  joules: number;
  from: 'local' | 'remote';
  /** null: that side did not run it. */
  local: Seen | null;
  /** A refusal is neither: it ends at `refusedMs` and nothing ran. */
  remote: Seen | null;
}

export function outcomeOf(task: DecisionRecord, choice: Choice): Outcome {
  const { localMs, localJ, remoteJ, refusedMs } = task;
  if (choice.where === 'local') {
    const local = { ms: localMs, whole: true, endMs: localMs };
    return { ms: localMs, joules: localJ, from: 'local', local, remote: null };
  }
  const remoteMs = remoteMsOf(task);
  const answeredMs = refusedMs ?? remoteMs;
  const hedgeMs = choice.hedgeMs ?? Number.POSITIVE_INFINITY;
  if (answeredMs <= hedgeMs) {
    if (refusedMs === null) {
      const remote = { ms: remoteMs, whole: true, endMs: remoteMs };
      return { ms: remoteMs, joules: remoteJ, from: 'remote', local: null, remote };
    }
    const local = { ms: localMs, whole: true, endMs: remoteMs };
    return { ms: remoteMs, joules: remoteJ, from: 'local', local, remote: null };
  }
  const localEndMs = hedgeMs + localMs;
  const remoteWins = refusedMs === null && remoteMs < localEndMs && choice.blocking !== true;
  const ms = remoteWins ? remoteMs : localEndMs;
  const heard = remoteWins || choice.finish?.remote === true;
  const ranMs = remoteWins && choice.finish?.local !== true ? ms - hedgeMs : localMs;
  const remote = refusedMs !== null ? null : { ms: heard ? remoteMs : ms, whole: heard, endMs: heard ? remoteMs : ms };
  // Nobody waits beyond the result; what a refusal cost holds no second local run.
  const askedJ = (refusedMs === null ? remoteJ : remoteJ - localJ) * Math.min(1, ms / answeredMs);
  return {
    ms,
    joules: (localJ * ranMs) / localMs + askedJ,
    from: remoteWins ? 'remote' : 'local',
    local: { ms: ranMs, whole: ranMs === localMs, endMs: hedgeMs + ranMs },
    remote,
  };
}
