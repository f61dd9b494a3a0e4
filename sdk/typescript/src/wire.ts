/**
 * The wire contract as the SDK uses it. The types come from lib/ports/contracts and vanish at build time; the few
 * values are repeated here and held to the contract by their types, so that the package depends on nothing.
 */
import type { Problem, ProblemType } from '../../../lib/ports/contracts/problem.ts';
import type { paths as contractPaths } from '../../../lib/ports/contracts/wire.ts';
import type { Exchange } from './transport.ts';

type Paths = typeof contractPaths;

export const paths = {
  placements: '/v1/placements',
  invocations: '/v1/invocations',
  tasks: '/v1/tasks',
  regions: '/v1/regions',
  ping: '/v1/ping',
  bundles: '/v1/bundles',
  uploads: '/v1/uploads',
  apps: '/v1/apps',
} as const satisfies Partial<Paths>;

export interface ProblemReply {
  type: ProblemType | 'unreadable';
  detail: string;
  retryAfterMs: number | null;
  status: number;
}

/** Reads an answer that is not 2xx; an answer that is no problem document is named `unreadable`. */
export function readProblem(reply: Exchange & { ok: true }): ProblemReply {
  const base = { status: reply.status, retryAfterMs: reply.retryAfterMs };
  const problem = parseJson(reply.body) as Partial<Problem> | undefined;
  if (typeof problem?.type !== 'string') {
    return { ...base, type: 'unreadable', detail: `status ${reply.status} without a problem document` };
  }
  return {
    ...base,
    type: problem.type.slice(problem.type.lastIndexOf('/') + 1) as ProblemType,
    detail: problem.detail ?? problem.title ?? '',
    retryAfterMs: problem.retryAfterMs ?? reply.retryAfterMs,
  };
}

/** @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isSuccess = (reply: Exchange & { ok: true }): boolean => reply.status >= 200 && reply.status < 300;
