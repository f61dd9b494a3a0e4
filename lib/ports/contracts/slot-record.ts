import { z } from 'zod';

/** Something the scaler could not do or had to leave; shown by status and explain. */
export const scalerFaultSchema = z.object({
  kind: z.enum([
    'infeasible',
    'launch-failed',
    'set-aside',
    'throttled',
    'circuit-open',
    'capped',
    'unhealthy',
    'interrupted',
    'orphan',
    'provider-unknown',
    'config-invalid',
    'held-back',
  ]),
  /** What was seen and what follows from it. */
  detail: z.string(),
});
export type ScalerFault = z.infer<typeof scalerFaultSchema>;

const responseTimeMsSchema = z.object({
  mean: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
});

/** A fleet that was weighed beside the planned one, for the same load and promise. */
const alternativeSchema = z.object({
  id: z.enum(['paper', 'jsq', 'session', 'capacity', 'fewer', 'unchanged']),
  fleet: z.array(z.object({ offer: z.string(), count: z.number() })),
  /** Null: no such fleet, see `why`. */
  costUsdPerHour: z.number().nullable(),
  predictedMs: z.object({ mean: z.number().nullable(), p95: z.number().nullable() }),
  /** Whether it keeps the promise. */
  keeps: z.boolean(),
  why: z.string(),
});
export type SlotAlternative = z.infer<typeof alternativeSchema>;

/** One run of the scaler for one pool: what it saw, expected, decided and did. The body of a `SlotRecord`. */
export const slotBodySchema = z.object({
  version: z.literal(1),
  /**
   * `slot`: the regular run; `release`: what it does without drains, once the slot has begun; `burst`: between slots, scale-out only;
   * `trim`, `replace`: between slots too.
   */
  kind: z.enum(['slot', 'release', 'burst', 'trim', 'replace']),
  atMs: z.number(),
  slotMs: z.number(),
  /** Why it ran between slots. */
  trigger: z.string().nullable(),
  observed: z.object({
    fromMs: z.number(),
    toMs: z.number(),
    arrivals: z.number(),
    refused: z.number(),
    arrivalRatePerS: z.number(),
    /** As clients and agents reported it; null: nobody did. */
    meanResponseMs: z.number().nullable(),
    /** Of what the agents ran; network of the data centre included. Absent in records of earlier versions. */
    p95ResponseMs: z.number().nullable().optional(),
    demandS: z.number(),
    running: z.number(),
    waiting: z.number(),
  }),
  forecast: z.object({
    slotStartMs: z.number(),
    meanRatePerS: z.number(),
    quantile: z.number(),
    quantileRatePerS: z.number(),
  }),
  plan: z.object({
    planner: z.string(),
    policy: z.string(),
    status: z.enum(['optimal', 'feasible', 'infeasible', 'timeLimit']),
    indicator: z.enum(['mean', 'p95', 'p99']),
    targetMs: z.number(),
    fleet: z.array(z.object({ offer: z.string(), count: z.number() })),
    actions: z.array(
      z.object({
        do: z.enum(['keep', 'launch', 'start', 'drain']),
        offer: z.string(),
        count: z.number(),
        why: z.string(),
      }),
    ),
    costUsdPerHour: z.number(),
    lowerBoundUsd: z.number(),
    gapPct: z.number().nullable(),
    predictedMs: responseTimeMsSchema,
    reason: z.string().nullable(),
    notes: z.array(z.string()),
    /** Rent of the fluid bound: the cheapest capacity for exactly this load, as if waiting did not exist. */
    fluidUsdPerHour: z.number().optional(),
    alternatives: z.array(alternativeSchema).optional(),
  }),
  outcome: z.object({
    launched: z.array(z.object({ offer: z.string(), vmIds: z.array(z.string()) })),
    draining: z.array(z.string()),
    terminated: z.array(z.string()),
    faults: z.array(scalerFaultSchema),
  }),
});
export type SlotBody = z.infer<typeof slotBodySchema>;
