import { OffloadError } from './errors.ts';
import type { RemoteOutcome } from './remote.ts';

/** The error of a call whose remote side did not answer with a result and that nothing else can save. */
export function failureOf(
  what: string,
  outcome: Exclude<RemoteOutcome, { kind: 'ok' }>,
  cause: string,
  idempotent: boolean,
): OffloadError {
  const problem = 'problem' in outcome ? outcome.problem : null;
  const type = typeof problem === 'string' || problem === null ? problem : problem.type;
  switch (outcome.kind) {
    case 'task-failed':
      return new OffloadError('task-failed', `${what} failed: ${cause}`, { problem: type });
    case 'unknown': {
      const code =
        type === 'deadline-exceeded' || /^no answer within/.test(cause) ? 'deadline-exceeded' : 'outcome-unknown';
      const advice = idempotent ? '' : ' (it may have run; declare the method idempotent to have it retried)';
      return new OffloadError(code, `${what}: ${cause}${advice}`, { problem: type });
    }
    default: {
      const permanent = outcome.kind === 'unavailable' && outcome.retryAfterMs === null;
      const code = permanent ? 'invalid-request' : 'unavailable';
      return new OffloadError(code, `${what} could not be offloaded and has no local implementation: ${cause}`, {
        problem: type,
      });
    }
  }
}
