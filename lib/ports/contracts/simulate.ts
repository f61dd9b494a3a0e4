import { z } from 'zod';
import { METHODS } from '../../domain/forecast/types.ts';
import { appDemand, demand } from './simulate-demand.ts';

const id = z.string().min(1).max(200);
const ratePerS = z.number().min(0).max(1e7);
const seconds = z.number().min(0).max(1e7);
const positive = z.number().gt(0).max(1e9);
const usd = z.number().min(0).max(1e9);
const share = z.number().min(0).max(1);
const slot = z.strictObject({ arrivalRatePerS: ratePerS });

const offer = z.strictObject({
  id,
  serviceRatePerS: positive.describe('requests of mean demand per second, whole VM, all cores busy'),
  cores: z.int().min(1).max(4096).default(1),
  sharingLimit: z.int().min(1).max(1_000_000).default(16).describe('N: most requests in service at once'),
  priceUsdPerHour: usd,
  networkS: seconds.default(0).describe('round trip, part of the response time'),
  max: z.int().min(0).max(1_000_000).optional(),
  purchaseOption: z.enum(['on-demand', 'spot']).default('on-demand'),
  bootS: seconds.optional().describe("launch to ready; wins over the scenario's"),
});

const bootDelay = z.strictObject({
  distribution: z.enum(['deterministic', 'exponential', 'lognormal', 'erlang']),
  meanS: seconds,
  scv: positive.optional(),
  phases: z.int().min(1).max(1000).optional(),
});

const baseline = {
  offer: id.optional().describe('the offer that is added; default the first'),
  minVms: z.int().min(0).max(1_000_000).optional(),
  maxVms: z.int().min(0).max(1_000_000).optional(),
};
const planMethods = ['exact', 'paper', 'same', 'minimum', 'maximum'] as const;
const plannerNames = [...planMethods, 'static', 'threshold', 'target-tracking', 'concurrency'] as const;

const planner = z.union(
  [
    z.enum(plannerNames),
    z.strictObject({ method: z.enum(planMethods) }),
    z.strictObject({ method: z.literal('static'), arrivalRatePerS: ratePerS.optional() }),
    z.strictObject({
      method: z.literal('threshold'),
      upperS: positive.optional(),
      lowerS: seconds.optional(),
      step: z.int().min(1).max(10_000).optional(),
      periodS: positive.optional(),
      ...baseline,
    }),
    z.strictObject({
      method: z.literal('target-tracking'),
      utilization: z.number().gt(0).max(1).optional(),
      ...baseline,
    }),
    z.strictObject({ method: z.literal('concurrency'), targetPerVm: positive.optional(), ...baseline }),
  ],
  { error: `use one of ${plannerNames.join(', ')}, or an object {"method": one of them, ...its parameters}` },
);

const policies = [
  'even',
  'capacity',
  'sqrt',
  'round-robin',
  'jsq',
  'session',
  'power-of-two',
  'join-idle-queue',
] as const;

/** The document that `npx oaas simulate` reads (`npx oaas schema simulate`). */
export const scenarioSchema = z
  .strictObject({
    slots: z.array(slot).min(1).max(20_000).optional(),
    trace: z
      .strictObject({
        file: z.string().min(1).describe('CSV with timestamp and count columns'),
        unit: z.enum(['count', 'ratePerS']).default('count'),
        scaleToMeanPerS: positive.optional().describe('scales the simulated slots to this mean rate'),
        scaleToPeakPerS: positive.optional().describe('scales the simulated slots to this highest rate'),
        firstSlot: z.int().min(0).optional().describe('the slot to start at; those before it may be history'),
        slots: z.int().min(1).max(20_000).optional().describe('how many to simulate; all that follow when absent'),
      })
      .optional(),
    requests: z
      .strictObject({
        file: z.string().min(1).describe('CSV with one request per line and a timestamp column'),
        demandColumn: z.string().optional().describe('column that service demand is proportional to'),
      })
      .optional(),
    slotS: z.number().min(1).max(86_400).optional().describe("default 600, or the trace's own"),
    history: z
      .union([z.array(slot).max(100_000), z.int().min(0).max(100_000)])
      .optional()
      .describe('slots given to the forecast before the start; with a trace, how many of those before firstSlot'),
    startMs: z.number().optional().describe('start of the first slot, UTC epoch milliseconds'),
    timeZone: z.string().optional(),
    arrivals: z
      .union([
        z.strictObject({ process: z.literal('poisson') }),
        z.strictObject({ process: z.literal('renewal'), gap: appDemand }),
      ])
      .optional(),
    demand: demand.default({ distribution: 'exponential' }),
    offers: z.array(offer).min(1).max(5000),
    initial: z.array(z.strictObject({ offer: id, count: z.int().min(0).max(100_000) })).optional(),
    sla: z.strictObject({ indicator: z.enum(['mean', 'p95', 'p99']).default('mean'), targetS: positive }),
    policy: z.enum([...policies, 'auto']).default('jsq'),
    session: z
      .strictObject({ candidates: z.int().min(1).max(1000), threshold: z.int().min(1).max(100_000), handoffS: seconds })
      .optional(),
    snapshotAgeS: seconds.optional(),
    reports: z
      .strictObject({ intervalS: positive, timing: z.enum(['together', 'staggered', 'random']) })
      .optional()
      .describe('sparse occupancy reports; the dispatcher keeps upper bounds in between'),
    dispatchers: z.int().min(1).max(1000).default(1).describe('front-ends that do not see each other’s choices'),
    queueLimit: z.int().min(0).optional().describe('most requests waiting per VM; further ones are refused'),
    poolLimit: z.int().min(0).optional(),
    planner: planner.default('exact'),
    limits: z
      .strictObject({
        maxVms: z.int().min(0).optional(),
        maxUsdPerHour: usd.optional(),
        minVms: z.int().min(0).optional(),
        maxSpotShare: share.optional(),
      })
      .optional(),
    forecast: z.enum(['oracle', 'auto', ...METHODS]).default('auto'),
    quantile: z.number().gt(0).lt(1).optional().describe('of the forecast; the mean when absent'),
    bootS: z.union([seconds, bootDelay]).default(0),
    leadS: seconds.optional().describe('plan and launch this long before a slot; default the boot delay’s p90'),
    burstCheckS: positive.optional().describe('look this often for a burst between plans, and scale out'),
    trimAfterS: positive
      .optional()
      .describe('with burstCheckS: this long into a slot, take away what its own arrivals show to be surplus'),
    launchFailures: z.strictObject({ probability: z.number().min(0).lt(1), retryS: positive }).optional(),
    spotInterruption: z.strictObject({ ratePerHour: usd, noticeS: seconds.default(120) }).optional(),
    billing: z.enum(['per-second', 'hourly']).default('per-second'),
    controlPlaneUsdPerMillion: z
      .strictObject({ exact: usd.optional(), snapshot: usd.optional(), session: usd.optional() })
      .optional(),
    regions: z
      .array(
        z.strictObject({
          id,
          share: positive,
          utcOffsetHours: z.number().min(-14).max(14).optional(),
          timeZone: z.string().optional().describe('IANA zone instead of utcOffsetHours'),
          networkS: z.record(id, seconds).optional().describe('round trip from here to each offer'),
        }),
      )
      .min(1)
      .max(100)
      .optional(),
    warmupS: seconds.default(0),
    replications: z.int().min(1).max(10_000).default(1),
    seed: z.int().default(1),
  })
  .check((ctx) => {
    const { value, issues } = ctx;
    const problem = (path: PropertyKey[], message: string) =>
      issues.push({ code: 'custom', input: value, path, message });
    const sources = [value.slots, value.trace, value.requests].filter((source) => source !== undefined);
    if (sources.length !== 1) problem(['slots'], 'give exactly one of slots, trace and requests');
    if (value.trace?.scaleToMeanPerS !== undefined && value.trace.scaleToPeakPerS !== undefined) {
      problem(['trace', 'scaleToPeakPerS'], 'give scaleToMeanPerS or scaleToPeakPerS, not both');
    }
    if (typeof value.history === 'number' && value.trace === undefined) {
      problem(['history'], 'a number of slots works with a trace only: give the slots themselves');
    }
    if ((value.policy === 'session' || value.policy === 'auto') && value.session === undefined) {
      problem(['session'], `policy "${value.policy}" needs {candidates, threshold, handoffS}`);
    }
    const ids = value.offers.map((o) => o.id);
    value.offers.forEach((o, i) => {
      if (ids.indexOf(o.id) !== i) problem(['offers', i, 'id'], 'two offers have this id');
    });
    value.initial?.forEach((entry, i) => {
      if (!ids.includes(entry.offer)) problem(['initial', i, 'offer'], `not among the offers (${ids.join(', ')})`);
    });
    if (typeof value.planner === 'object' && 'offer' in value.planner && value.planner.offer !== undefined) {
      if (!ids.includes(value.planner.offer)) problem(['planner', 'offer'], `not among the offers (${ids.join(', ')})`);
    }
  });

/** A scenario document, defaults filled in. */
export type ScenarioDocument = z.output<typeof scenarioSchema>;

const times = z.strictObject({ mean: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() });

const slotResult = z.strictObject({
  startS: z.number(),
  arrivalRatePerS: z.number(),
  requests: z.number().describe('mean per replication, refused ones included'),
  refused: z.number(),
  rentUsd: z.number(),
  fluidBoundUsd: z.number(),
  responseTimeS: times,
  withinTarget: z.boolean().describe('the replications taken together'),
  shareWithin: z.number().describe('share of the replications'),
  utilization: z.number(),
  vmsByOffer: z.record(z.string(), z.number()).describe('VMs rented, averaged over the slot'),
  launches: z.number(),
});

const total = z.strictObject({
  requests: z.number(),
  refused: z.number(),
  rentUsd: z.number(),
  controlPlaneUsd: z.number(),
  fluidBoundUsd: z.number(),
  rentOverBound: z.number().nullable(),
  costOverBound: z.number().nullable().describe('rent and control plane'),
  shareSlotsWithin: z.number(),
  shareRequestsWithin: z.number(),
  responseTimeS: times,
  utilization: z.number(),
  launches: z.number(),
  infeasibleSlots: z.number(),
  ci95: z.strictObject({
    rentUsd: z.number().nullable(),
    rentOverBound: z.number().nullable(),
    shareSlotsWithin: z.number().nullable(),
    shareRequestsWithin: z.number().nullable(),
    responseTimeS: z.number().nullable(),
  }),
});

/** What `npx oaas simulate --json` writes. */
export const scenarioResultSchema = z.strictObject({
  slots: z.array(slotResult),
  total,
  regions: z.array(z.strictObject({ id, slots: z.array(slotResult), total })).optional(),
});
