import type { z } from 'zod';
import type { Problem } from '../ports/contracts/problem.ts';
import { problem } from './problem.ts';

/** One offending field of a document. */
export type FieldProblem = NonNullable<Problem['errors']>[number];

/** Offending fields named of one document: a body of thousands of wrong values is not answered by megabytes. */
const mostProblems = 20;

/** Validates a document, reporting the offending fields (the first twenty) with the value received. */
export function validateDocument<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { ok: true; value: z.output<S> } | { ok: false; problems: FieldProblem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    problems: result.error.issues.slice(0, mostProblems).map((issue) => ({
      field: cut(fieldName(issue.path)),
      message: cut(issue.message),
      received: shorten(at(value, issue.path)),
    })),
  };
}

/** The 400 document for what `validateDocument` found. */
export function invalidRequest(what: string, problems: readonly FieldProblem[]): Problem {
  const list = problems.map((p) => `${p.field}: ${p.message} (received ${show(p.received)})`).join('; ');
  return problem('invalid-request', `${what}: ${list}`, { errors: [...problems] });
}

const longest = 120;
const longestMessage = 500;
const cut = (text: string): string => (text.length > longestMessage ? `${text.slice(0, longestMessage)}...` : text);

/** JSON of a value, cut to what fits a message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  // JSON has no such numbers and would show null.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longest ? `${text.slice(0, longest)}...` : text;
}

function shorten(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  const text = JSON.stringify(value);
  if (text === undefined) return undefined;
  return text.length > longest ? show(value) : value;
}

function fieldName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(document)';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join('');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}
