import type { Problem } from '../../lib/ports/contracts/problem.ts';
import { ProblemError, problem } from '../http/problems.ts';
import type { Verdict } from '../tickets/verifier.ts';

/** Why a ticket opens nothing here. */
export function refusalOf({ kind, reason }: Exclude<Verdict, { ok: true }>): Problem {
  const type = kind === 'replayed' ? 'replayed-ticket' : 'invalid-ticket';
  return problem(type, `the ticket is not accepted: ${reason}`);
}

/** A problem that another agent stated, passed on as it is. */
export class ForwardedProblem extends Error {
  override readonly name = 'ForwardedProblem';
  readonly problem: Problem;
  constructor(forwarded: Problem) {
    super(forwarded.detail);
    this.problem = forwarded;
  }
}

export function saturated(vmId: string, places: number, retryAfterMs: number): Problem {
  return problem('saturated', `all ${places} places of ${vmId} are taken: try another candidate or wait`, {
    retryAfterMs,
  });
}

export function draining(vmId: string): Problem {
  return problem('draining', `${vmId} takes no new work: ask for a new placement`);
}

/** What a request that ended by an error is answered. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError || error instanceof ForwardedProblem) return error.problem;
  return problem('internal', `the surrogate failed: ${error instanceof Error ? error.message : String(error)}`);
}
