import { z } from 'zod';

/** Wire schemas of `oaas model` (issue: "The model"); the TypeScript types are in lib/domain/queueing/types.ts. */

const positive = z.number().positive();
const nonNegative = z.number().nonnegative();

const vmGroupSchema = z.strictObject({
  serviceRatePerS: positive.describe('requests per second of the whole VM with all its cores busy'),
  cores: z.int().min(1).max(1024).default(1).describe('a task uses one core: each works at serviceRatePerS / cores'),
  sharingLimit: z.int().min(1).describe('N: at most this many requests in service at once, the rest wait in order'),
  count: z.int().min(1).max(100_000).default(1).describe('number of such VMs'),
  networkS: nonNegative.default(0).describe('round trip between device and VM, seconds; part of responseTimeS only'),
});

const policySchema = z
  .enum(['even', 'capacity', 'sqrt', 'round-robin', 'jsq', 'session'])
  .describe(
    'even, capacity, sqrt: static random split (1/C, by capacity, optimal); round-robin: cyclic; ' +
      'jsq: least networkS + (n+1)/(min(n+1, c, N) μ_core); session: tickets with k candidates and handoff',
  );

const sessionParametersSchema = z.strictObject({
  candidates: z.int().min(1).max(64).describe('k: VMs a ticket names'),
  threshold: z
    .int()
    .min(1)
    .max(10_000)
    .describe('a VM of one core that holds this many requests or more hands on; every further core adds one'),
  handoffS: nonNegative.default(0).describe('seconds each handoff adds'),
});

export const modelInputSchema = z
  .strictObject({
    pool: z.array(vmGroupSchema).min(1),
    arrivalRatePerS: nonNegative,
    policy: policySchema,
    session: sessionParametersSchema.optional(),
    snapshotAgeS: nonNegative.optional().describe('age of the occupancy a jsq dispatcher sees, seconds; default 0'),
    serviceScv: nonNegative
      .max(1000)
      .optional()
      .describe('squared coefficient of variation of service demand; default 1 = exponential'),
  })
  .refine((input) => input.policy !== 'session' || input.session !== undefined, {
    path: ['session'],
    message: 'policy "session" needs {candidates, threshold, handoffS}',
  })
  .refine((input) => input.policy === 'jsq' || !input.snapshotAgeS, {
    path: ['snapshotAgeS'],
    message: 'only policy "jsq" looks at a snapshot: leave it out or set 0',
  });

const timeOrNull = z.number().nullable();

export const modelResultSchema = z.strictObject({
  status: z.enum(['stable', 'unstable']),
  responseTimeS: z.strictObject({ mean: timeOrNull, p50: timeOrNull, p95: timeOrNull, p99: timeOrNull }),
  waitingTimeS: z.strictObject({ mean: timeOrNull }),
  serviceTimeS: z.strictObject({ mean: timeOrNull }),
  utilization: z.number().describe('λ / Σ min(c, N) μ_core'),
  perVm: z
    .array(
      z.strictObject({
        arrivalRatePerS: z.number(),
        utilization: z.number(),
        responseTimeS: z.strictObject({ mean: timeOrNull }),
      }),
    )
    .describe('one row per VM, count expanded, in order'),
  method: z.enum(['exact', 'approximation']),
  errorBoundPct: z.number().describe('bound on the error of responseTimeS.mean, percent; 0 when exact'),
  percentileErrorBoundPct: z.number().describe('bound on the error of responseTimeS.p95, percent'),
});
