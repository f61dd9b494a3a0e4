import { z } from 'zod';
import { slotBodySchema } from './slot-record.ts';

/** Routes of people who run the system; admin scope. `/v1/status` is in wire.ts. */
export const operatorPaths = {
  slots: '/v1/slots',
  plan: '/v1/plan',
  descriptor: '/v1/descriptor',
} as const;

const poolStatusSchema = z.object({
  poolId: z.string(),
  groupId: z.string(),
  dispatch: z.object({ mode: z.string(), policy: z.string() }),
  sla: z.object({
    id: z.string(),
    indicator: z.enum(['mean', 'p95', 'p99']),
    targetMs: z.number(),
    planner: z.string(),
  }),
  /** What the last plan promised for the indicator, and what was measured in the last slot (mean); null: not known. */
  predictedMs: z.number().nullable(),
  measuredMeanMs: z.number().nullable(),
  /** The same as mean and 95th percentile; absent in answers of earlier versions. */
  predictedMeanMs: z.number().nullable().optional(),
  predictedP95Ms: z.number().nullable().optional(),
  measuredP95Ms: z.number().nullable().optional(),
  /** Rent of the load planned for: the fluid bound's, and what the OaaS paper's algorithm would rent for the same promise. */
  fluidUsdPerHour: z.number().nullable().optional(),
  paperUsdPerHour: z.number().nullable().optional(),
  /** Requests per second of the last slot, and what the forecast's quantile says of the present one. */
  arrivalRatePerS: z.number().nullable(),
  forecastRatePerS: z.number().nullable(),
  demandS: z.number().nullable(),
  /** What it was learned from: CPU seconds per request on the reference core, over that many (discounted) runs. */
  measuredDemand: z.object({ runs: z.number(), taskS: z.number(), preparationS: z.number() }).nullable(),
  refused: z.number(),
  running: z.number(),
  waiting: z.number(),
  vms: z.object({
    starting: z.number(),
    ready: z.number(),
    draining: z.number(),
    unhealthy: z.number(),
    /** In the warm pool: costs its disk. */
    stopped: z.number().default(0),
  }),
  /** Per offer: how many cost money now. */
  fleet: z.array(z.object({ offer: z.string(), count: z.number() })),
  rentUsdPerHour: z.number(),
  lastSlotMs: z.number().nullable(),
  faults: z.array(z.object({ kind: z.string(), detail: z.string() })),
});
export type PoolStatus = z.infer<typeof poolStatusSchema>;

export const scalingStatusSchema = z.object({
  region: z.string(),
  geography: z.string(),
  atMs: z.number(),
  slotMs: z.number(),
  apps: z.array(z.object({ id: z.string(), version: z.string(), groupId: z.string().nullable(), slaId: z.string() })),
  pools: z.array(poolStatusSchema),
  /** Seconds from launch, or start from stopped, to the first heartbeat, by `TYPE/launch` or `TYPE/start`; of the last `boots` ones. */
  bootTimes: z.record(z.string(), z.object({ p50S: z.number(), p90S: z.number(), boots: z.number() })).default({}),
  /** Seconds before its slot at which a regular run takes place at the latest: the p90 of the last launches of any type, at first the setting's. */
  leadS: z.number().nullable().default(null),
  rentUsdPerHour: z.number(),
  vms: z.array(
    z.object({
      vmId: z.string(),
      poolId: z.string(),
      offer: z.string(),
      zone: z.string().nullable().default(null),
      state: z.string(),
      running: z.number().nullable(),
      waiting: z.number().nullable(),
      url: z.string().nullable(),
      isolation: z.string().nullable(),
      ageS: z.number(),
    }),
  ),
  /** Invalid configuration rows and the like. */
  faults: z.array(z.object({ kind: z.string(), detail: z.string() })),
});
export type ScalingStatus = z.infer<typeof scalingStatusSchema>;

export const slotsResponseSchema = z.object({
  region: z.string(),
  slots: z.array(z.object({ poolId: z.string(), slotStartMs: z.number(), epoch: z.number(), body: slotBodySchema })),
});
export type SlotsResponse = z.infer<typeof slotsResponseSchema>;

export const livePlanSchema = z.object({
  region: z.string(),
  atMs: z.number(),
  pools: z.array(
    z.object({
      poolId: z.string(),
      arrivalRatePerS: z.number(),
      forecast: slotBodySchema.shape.forecast,
      demandS: z.number(),
      plan: slotBodySchema.shape.plan,
    }),
  ),
});
export type LivePlan = z.infer<typeof livePlanSchema>;

/** The IoT paper's back-end descriptor: app → host → ports and location. */
export const descriptorSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ ports: z.array(z.number()), location: z.string() })),
);
export type Descriptor = z.infer<typeof descriptorSchema>;

/** What the scaler adds to the answer of `/v1/status`. */
export const statusResponseSchema = z.object({
  regionId: z.string(),
  geography: z.string(),
  endpoint: z.string(),
  scaling: scalingStatusSchema,
});
export type StatusResponse = z.infer<typeof statusResponseSchema>;
