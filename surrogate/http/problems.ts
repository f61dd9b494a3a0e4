import {
  type Problem,
  type ProblemType,
  problemBase,
  problemTitle,
  problemTypes,
} from '../../lib/ports/contracts/problem.ts';

/** An outcome that ends a request with an RFC 9457 document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  constructor(type: ProblemType, detail: string, extra: Partial<Problem> = {}) {
    super(detail);
    this.problem = problem(type, detail, extra);
  }
}

export function problem(type: ProblemType, detail: string, extra: Partial<Problem> = {}): Problem {
  return {
    type: `${problemBase}${type}`,
    title: problemTitle(type),
    status: problemTypes[type],
    detail,
    ...extra,
  };
}

/** Shortens what a client sent before it is quoted back. */
export function quote(value: unknown, limit = 80): string {
  const shown = asText(value);
  return shown.length > limit ? `${shown.slice(0, limit - 3)}...` : shown;
}

function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Nested too deeply for the stack: only a client's own data can be.
    return 'a value nested too deeply to be shown';
  }
}
