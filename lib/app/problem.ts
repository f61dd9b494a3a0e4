import { type Problem, type ProblemType, problemBase, problemTitle, problemTypes } from '../ports/contracts/problem.ts';

/**
 * An RFC 9457 document.
 *
 * @param detail the value received and what to do about it
 */
export function problem(
  type: ProblemType,
  detail: string,
  extra: Partial<Pick<Problem, 'retryAfterMs' | 'errors'>> = {},
): Problem {
  return {
    type: `${problemBase}${type}`,
    title: problemTitle(type),
    status: problemTypes[type],
    detail,
    ...extra,
  };
}
