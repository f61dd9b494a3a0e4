import { longestDeadlineMs, taskRequestSchema } from '../../lib/ports/contracts/wire.ts';
import type { InstalledApp } from '../bundles.ts';
import { ProblemError, quote } from '../http/problems.ts';

/** A request's body with its defaults. */
export type TaskBody = ReturnType<typeof taskRequestSchema.parse>;

const defaultDeadlineMs = 30_000;
const known = new Set(['requestId', 'method', 'args', 'deadlineMs']);

/**
 * Parses a task's body.
 *
 * @throws ProblemError `invalid-request` with every offending field
 */
export function parseTaskBody(bytes: Buffer): TaskBody {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ProblemError('invalid-request', `the body is not valid JSON: ${(error as Error).message}`);
  }
  return plainTask(value) ?? parseBySchema(value);
}

/**
 * The common shape (JSON arguments, no state) read by hand in a quarter of the schema's time; null: not that shape, ask the schema.
 * What this accepts the schema accepts with the same result.
 */
export function plainTask(value: unknown): TaskBody | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { requestId, method, args, deadlineMs = defaultDeadlineMs } = value as Record<string, unknown>;
  for (const key in value) if (!known.has(key)) return null;
  if (typeof requestId !== 'string' || requestId.length < 1 || requestId.length > 64) return null;
  if (typeof method !== 'string' || method.length < 1 || method.length > 100) return null;
  if (typeof deadlineMs !== 'number' || !(deadlineMs > 0 && deadlineMs <= longestDeadlineMs)) return null;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return null;
  const { type, json } = args as Record<string, unknown>;
  if (type !== 'application/json' || json === undefined || Object.keys(args).length !== 2) return null;
  return { requestId, method, args: { type, json }, deadlineMs };
}

/** @throws ProblemError `unknown-method` with those that there are */
export function checkMethod({ id, methods }: InstalledApp['manifest'], method: string): void {
  if (Object.hasOwn(methods, method)) return;
  const known = Object.keys(methods).join(', ');
  throw new ProblemError('unknown-method', `the app "${id}" has no method ${quote(method)}; it has ${known}`);
}

function parseBySchema(value: unknown): TaskBody {
  const parsed = taskRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    field: issue.path.map(String).join('.') || '(body)',
    message: issue.message,
    received: preview(at(value, issue.path)),
  }));
  throw new ProblemError(
    'invalid-request',
    `the body does not have the shape of a task: ${quote(errors[0]?.field)}: ${errors[0]?.message}`,
    {
      errors,
    },
  );
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}

function preview(value: unknown): unknown {
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : quote(value ?? 'nothing');
}
