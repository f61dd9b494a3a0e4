import { z } from 'zod';

/** RFC 9457 problem types; each is documented in docs/errors.md with status and fix. */
export const problemTypes = {
  'unknown-app': 404,
  'unknown-method': 404,
  'unknown-sla': 404,
  'unknown-group': 404,
  'unknown-task': 404,
  'not-found': 404,
  'no-group-serves': 422,
  'invalid-request': 400,
  'invalid-bundle': 400,
  /** The request, or its head, did not arrive in time. */
  'request-timeout': 408,
  'body-too-large': 413,
  'header-too-large': 431,
  'unsupported-media-type': 415,
  unauthenticated: 401,
  forbidden: 403,
  'invalid-ticket': 401,
  'replayed-ticket': 409,
  'version-conflict': 412,
  'quota-exceeded': 429,
  /** Every VM is full: retry after `retryAfterMs`, or run it locally. */
  saturated: 429,
  /** No VM is up yet; one is on its way. */
  'no-capacity': 503,
  draining: 503,
  'deadline-exceeded': 504,
  'task-failed': 422,
  'task-killed': 500,
  'surrogate-lost': 502,
  'isolation-unavailable': 503,
  /** The state store did not answer in time; nothing was reserved or run. */
  'store-unavailable': 503,
  internal: 500,
} as const;
export type ProblemType = keyof typeof problemTypes;

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** What was received and what to do about it. */
  detail: z.string(),
  instance: z.string().optional(),
  retryAfterMs: z.number().optional(),
  /** Offending fields of an invalid request, at most twenty; without `received` where nothing was. */
  errors: z.array(z.object({ field: z.string(), message: z.string(), received: z.unknown().optional() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const problemBase = 'https://oaas.dev/problems/';

/** One title per type, whoever states it. */
export const problemTitle = (type: ProblemType): string =>
  titles[type] ?? `${type[0]!.toUpperCase()}${type.slice(1).replaceAll('-', ' ')}`;

const titles: Partial<Record<ProblemType, string>> = {
  'no-group-serves': 'No VM-type group serves these requirements',
  'store-unavailable': 'The state store did not answer',
  'surrogate-lost': 'The surrogate was lost',
};
