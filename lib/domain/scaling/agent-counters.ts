import { addDifference, quantileMs, type ResponseBuckets } from './response-buckets.ts';

/** Counters that an agent reports since its boot, plus what it holds now. */
export interface AgentReport {
  vmId: string;
  bootNonce: string;
  completed: number;
  refused: number;
  /** Running and waiting. */
  present: number;
  /** Σ over completed tasks of the time from arrival at the agent to the end of the run, ms; undefined: not reported. */
  responseSumMs: number | undefined;
  /** The same responses as counts per bucket; absent: percentiles are not wanted. */
  responseBuckets?: ResponseBuckets | undefined;
  /** Round trip that its data centre adds to every response. */
  networkMs: number;
}

/** What was already counted, per VM. Plain JSON. */
export type AgentCursor = Record<
  string,
  {
    bootNonce: string;
    admitted: number;
    refused: number;
    completed: number;
    responseSumMs: number;
    responseBuckets?: ResponseBuckets;
  }
>;

export interface AgentWindow {
  /** Tasks that reached a VM and were admitted. */
  admitted: number;
  refused: number;
  /** Mean response over the completed ones, network included; null: none completed or not reported. */
  meanResponseMs: number | null;
  /** 95th percentile of the same; null also where no buckets were given. */
  p95ResponseMs: number | null;
  responseCount: number;
}

/**
 * What the agents did since the last look. In `session` mode this is the only count of requests: one ticket serves many, so
 * placements say nothing about load. An admitted task is either present or completed, so their sum never falls.
 */
export function advanceAgents(
  cursor: AgentCursor,
  reports: readonly AgentReport[],
): { cursor: AgentCursor; window: AgentWindow } {
  const next: AgentCursor = {};
  let admitted = 0;
  let refused = 0;
  let responseCount = 0;
  let responseSumMs = 0;
  const buckets: ResponseBuckets = {};
  for (const report of reports) {
    const known = cursor[report.vmId];
    const before: AgentCursor[string] =
      known?.bootNonce === report.bootNonce
        ? known
        : { bootNonce: report.bootNonce, admitted: 0, refused: 0, completed: 0, responseSumMs: 0 };
    const now: AgentCursor[string] = {
      bootNonce: report.bootNonce,
      admitted: report.completed + report.present,
      refused: report.refused,
      completed: report.completed,
      responseSumMs: report.responseSumMs ?? 0,
      ...(report.responseBuckets === undefined ? {} : { responseBuckets: report.responseBuckets }),
    };
    admitted += Math.max(0, now.admitted - before.admitted);
    refused += Math.max(0, now.refused - before.refused);
    if (report.responseSumMs !== undefined) {
      const completed = Math.max(0, now.completed - before.completed);
      responseCount += completed;
      responseSumMs += Math.max(0, now.responseSumMs - before.responseSumMs) + completed * report.networkMs;
    }
    if (report.responseBuckets !== undefined) {
      addDifference(buckets, before.responseBuckets, report.responseBuckets, report.networkMs);
    }
    next[report.vmId] = now;
  }
  const meanResponseMs = responseCount > 0 ? responseSumMs / responseCount : null;
  const p95ResponseMs = quantileMs(buckets, 0.95);
  return { cursor: next, window: { admitted, refused, meanResponseMs, p95ResponseMs, responseCount } };
}
