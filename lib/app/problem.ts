import { type Problem, type ProblemType, problemBase, problemTypes } from '../ports/contracts/problem.ts';

const titles: Partial<Record<ProblemType, string>> = {
  'no-group-serves': 'No VM-type group serves these requirements',
  'store-unavailable': 'The state store did not answer',
};

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
    title: titles[type] ?? sentence(type),
    status: problemTypes[type],
    detail,
    ...extra,
  };
}

const sentence = (type: string): string => type[0]!.toUpperCase() + type.slice(1).replaceAll('-', ' ');
