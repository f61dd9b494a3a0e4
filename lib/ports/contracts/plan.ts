import { z } from 'zod';
import type { PlanProblem, PlanResult } from '../../domain/planner/types.ts';

const id = z.string().min(1).max(200);
const count = z.int().min(0).max(1_000_000);
const seconds = z.number().min(0).max(1e6);
const positiveRate = z.number().gt(0).max(1e9);

const offer = z.strictObject({
  id,
  serviceRatePerS: positiveRate.describe('requests per second of the whole VM, all cores busy'),
  cores: z.int().min(1).max(4096).default(1),
  sharingLimit: z.int().min(1).max(1_000_000).default(16).describe('N: most requests in service at once'),
  priceUsdPerHour: z.number().min(0).max(1e6),
  networkS: z.number().min(0).max(3600).default(0).describe('round trip, part of the response time'),
  max: count.optional().describe('most VMs of this offer, running ones included'),
  purchaseOption: z.enum(['on-demand', 'spot']).default('on-demand'),
  bootS: seconds.default(0),
  startS: seconds.default(0),
});

const current = z.strictObject({
  offer: id,
  state: z.enum(['running', 'booting', 'stopped']),
  count,
  remainingRentalS: seconds.optional().describe('hourly billing: seconds until the paid hour ends'),
});

/** Beyond this the numbers are a mistake, or no single pool. */
const mostVms = 100_000;

const policies = ['even', 'capacity', 'sqrt', 'round-robin', 'jsq', 'session'] as const;

/** The document that `npx oaas plan` reads (`npx oaas schema plan`). */
export const planProblemSchema = z
  .strictObject({
    arrivalRatePerS: z.number().min(0).max(1e9),
    sla: z.strictObject({
      indicator: z.enum(['mean', 'p95', 'p99']).default('mean'),
      targetS: z.number().gt(0).max(1e6),
    }),
    policy: z.enum([...policies, 'auto']).default('jsq'),
    method: z.enum(['exact', 'paper', 'same', 'minimum', 'maximum']).default('exact'),
    offers: z.array(offer).min(1).max(20_000),
    current: z.array(current).max(20_000).default([]),
    billing: z.enum(['per-second', 'hourly']).default('per-second'),
    horizonS: z
      .number()
      .gt(0)
      .max(366 * 86_400)
      .default(600),
    limits: z
      .strictObject({
        maxVms: count.optional(),
        maxUsdPerHour: z.number().min(0).max(1e9).optional(),
        minVms: count.optional(),
        maxSpotShare: z.number().min(0).max(1).optional(),
      })
      .default({}),
    controlPlaneUsdPerMillion: z
      .strictObject({
        exact: z.number().min(0).max(1e6).optional(),
        snapshot: z.number().min(0).max(1e6).optional(),
        session: z.number().min(0).max(1e6).optional(),
      })
      .optional(),
    session: z
      .strictObject({
        candidates: z.int().min(1).max(1000),
        threshold: z.int().min(1).max(100_000),
        handoffS: z.number().min(0).max(60),
      })
      .optional(),
    snapshotAgeS: z.number().min(0).max(3600).optional(),
    serviceScv: z.number().min(0).max(1e4).optional(),
  })
  .superRefine((problem, context) => {
    const known = new Set<string>();
    problem.offers.forEach((o, i) => {
      if (known.has(o.id)) {
        context.addIssue({ code: 'custom', path: ['offers', i, 'id'], message: 'is used by an earlier offer as well' });
      }
      known.add(o.id);
    });
    problem.current.forEach((c, i) => {
      if (!known.has(c.offer)) {
        context.addIssue({ code: 'custom', path: ['current', i, 'offer'], message: 'must be the id of an offer' });
      }
    });
    const fastest = Math.max(...problem.offers.map((o) => o.serviceRatePerS));
    if (problem.arrivalRatePerS > mostVms * fastest) {
      context.addIssue({
        code: 'custom',
        path: ['arrivalRatePerS'],
        message: `would take more than ${mostVms} VMs of the fastest offer (${fastest}/s); split the pool or check the units`,
      });
    }
    const { minVms, maxVms } = problem.limits;
    if (minVms !== undefined && maxVms !== undefined && minVms > maxVms) {
      context.addIssue({
        code: 'custom',
        path: ['limits', 'minVms'],
        message: `must not exceed limits.maxVms (${maxVms})`,
      });
    }
  }) satisfies z.ZodType<PlanProblem>;

const time = z.number().nullable();

/** The document that `npx oaas plan --json` writes. */
export const planResultSchema = z.strictObject({
  status: z.enum(['optimal', 'feasible', 'infeasible', 'timeLimit']),
  method: z.enum(['exact', 'paper', 'same', 'minimum', 'maximum']),
  policy: z.enum(policies),
  fleet: z.array(z.strictObject({ offer: id, count })),
  actions: z.array(
    z.strictObject({ do: z.enum(['keep', 'launch', 'start', 'drain']), offer: id, count, why: z.string() }),
  ),
  costUsdPerHour: z.number(),
  newUsdOverHorizon: z.number(),
  lowerBoundUsd: z.number(),
  gapPct: z.number().nullable(),
  predicted: z.strictObject({ responseTimeS: z.strictObject({ mean: time, p95: time, p99: time }) }),
  reason: z.string().optional(),
  notes: z.array(z.string()).optional(),
  dispatch: z
    .strictObject({
      mode: z.enum(['exact', 'snapshot', 'session']),
      options: z.array(
        z.strictObject({
          mode: z.enum(['exact', 'snapshot', 'session']),
          policy: z.enum(policies),
          feasible: z.boolean(),
          rentUsdPerHour: z.number().nullable(),
          controlPlaneUsdPerHour: z.number(),
          totalUsdPerHour: z.number().nullable(),
          vms: z.int().nullable(),
        }),
      ),
      breakEvenUsdPerMillion: z.number().nullable(),
      why: z.string(),
    })
    .optional(),
}) satisfies z.ZodType<PlanResult>;
