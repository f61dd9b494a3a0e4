/**
 * What commands print with `--json`, where no other contract says it. Fields are added, never renamed or removed, within a major
 * version; `oaas schema COMMAND --output` prints them and a test holds the commands' real output against them.
 */
import { z } from 'zod';
import { configSchemas } from './config.ts';
import { livePlanSchema, slotsResponseSchema, statusResponseSchema } from './operator.ts';
import { systemFileSchema } from './system-file.ts';
import { runningTaskSchema } from './wire.ts';

const ms = z.number().nonnegative();
const countAndRate = { count: z.number(), arrivalRatePerS: z.number() };

export const runOutputSchema = z.strictObject({
  result: z.unknown(),
  state: z.unknown().optional().describe('the new state, where the method keeps one'),
  ranOn: z.discriminatedUnion('where', [
    z.strictObject({ where: z.literal('local') }),
    z.strictObject({
      where: z.literal('remote'),
      region: z.string(),
      vmId: z.string(),
      hops: z.array(z.string()).describe('surrogates that handed it on'),
    }),
  ]),
  reason: z.string().describe('code of why it ran there'),
  why: z.string().describe('the same for people'),
  timings: z.strictObject({
    t1Ms: ms.describe('placement'),
    t2Ms: ms.describe('device to surrogate and back without queueing, running and hand-off'),
    cloudMs: ms.describe('running on the surrogate'),
    queueMs: ms.describe('waiting on the surrogate'),
    handoffMs: ms,
    localMs: ms.describe('running on the device'),
    totalMs: ms.describe('call to result'),
  }),
  attempts: z.array(
    z.strictObject({
      where: z.enum(['local', 'remote']),
      target: z.string(),
      region: z.string().nullable(),
      outcome: z.enum(['ok', 'refused', 'not-sent', 'unknown', 'failed', 'abandoned']),
      detail: z.string().nullable(),
      ms,
    }),
  ),
  requestId: z.string(),
});

const part = z.strictObject({ mean: ms, share: z.number() });
export const loadOutputSchema = z.strictObject({
  durationS: z.number().describe('first scheduled moment to last outcome'),
  requests: z.number(),
  outcomes: z.strictObject({
    remote: z.number(),
    'fell-back': z.number(),
    error: z.number(),
    'not-sent': z.number(),
    unfinished: z.number(),
  }),
  refusals: z.number().describe('refused tries; a request may be refused and still be served'),
  offeredPerS: z.number(),
  servedPerS: z.number(),
  responseMs: z
    .strictObject({ mean: ms, p50: ms, p95: ms, p99: ms, max: ms })
    .nullable()
    .describe('of those served remotely, from their scheduled moment'),
  parts: z
    .strictObject({ t1Ms: part, t2Ms: part, queueMs: part, cloudMs: part, handoffMs: part, otherMs: part })
    .nullable(),
  perMethod: z.array(
    z.strictObject({
      appId: z.string(),
      method: z.string(),
      requests: z.number(),
      served: z.number(),
      meanMs: ms,
      p95Ms: ms,
    }),
  ),
  perVm: z.array(z.strictObject({ region: z.string(), vmId: z.string(), served: z.number(), share: z.number() })),
  causes: z.array(z.strictObject({ detail: z.string(), requests: z.number() })),
  interrupted: z.boolean(),
});

const timeAndEnergy = z.strictObject({ meanMs: ms, meanJ: z.number() });
const savedSchema = z.strictObject({
  time: z.number().describe('share of its mean time; negative: lost'),
  energy: z.number(),
});
const comparisonSchema = z
  .strictObject({
    tasks: z.number(),
    remoteShare: z.number(),
    ours: timeAndEnergy,
    allLocal: timeAndEnergy,
    allRemote: timeAndEnergy,
    savedAgainstLocal: savedSchema,
    savedAgainstRemote: savedSchema,
    regret: z.number().describe("mean time beyond the oracle's, as a share of it"),
  })
  .nullable()
  .describe('of the tasks of which both outcomes are known');

export const populationOutputSchema = z.strictObject({
  durationS: z.number(),
  devices: z.number().describe('that had a task'),
  tasks: z.number(),
  outcomes: z.strictObject({
    local: z.number(),
    remote: z.number(),
    'fell-back': z.number(),
    error: z.number(),
    'not-sent': z.number(),
    unfinished: z.number(),
  }),
  reasons: z.array(z.strictObject({ reason: z.string(), tasks: z.number() })),
  responseMs: z.strictObject({ mean: ms, p50: ms, p95: ms, p99: ms, max: ms }).nullable(),
  compared: comparisonSchema,
  perClass: z.array(z.strictObject({ deviceClass: z.string(), tasks: z.number(), compared: comparisonSchema })),
  interrupted: z.boolean(),
});
export type PopulationOutput = z.infer<typeof populationOutputSchema>;

export const forecastOutputSchema = z.strictObject({
  slotStart: z.iso.datetime().nullable(),
  slotS: z.number(),
  method: z.string(),
  timeZone: z.string(),
  mean: z.strictObject(countAndRate),
  quantiles: z.array(z.strictObject({ level: z.number(), ...countAndRate })),
});

export const backtestOutputSchema = z.strictObject({
  coverageLevels: z.array(z.number()),
  slots: z.number(),
  scored: z.number(),
  warmUpSlots: z.number(),
  methods: z.array(
    z.strictObject({
      method: z.string(),
      pinballLoss: z.number().describe('mean over the loss levels, requests per slot'),
      wapePct: z.number(),
      biasPct: z.number(),
      coverage: z.array(z.number()).describe('share of slots at or under the quantile, per coverage level'),
    }),
  ),
  verdict: z.strictObject({
    beatsNaive: z.boolean(),
    beatsSeasonalNaive: z.boolean(),
    worstCoverageGapPoints: z.number(),
  }),
});

export const pricesOutputSchema = z.strictObject({
  asOf: z.string().describe('date of the catalogue'),
  targetS: z.number(),
  demandS: z.number(),
  ranking: z.array(
    z.strictObject({
      offer: z.string(),
      cores: z.number(),
      serviceRatePerS: z.number(),
      usefulCapacityPerS: z.number(),
      priceUsdPerHour: z.number(),
      usdPerMillionUseful: z.number().nullable().describe('null where the type is of no use to the target'),
      usdPerMillionAtFullLoad: z.number(),
      networkS: z.number(),
    }),
  ),
});

export const whatifOutputSchema = z.strictObject({
  variable: z.string(),
  sla: z.strictObject({ indicator: z.string(), targetS: z.number() }),
  points: z.array(
    z.strictObject({
      value: z.number(),
      usdPerHour: z.record(z.string(), z.number().nullable()).describe('per policy; null where no fleet keeps it'),
      vms: z.record(z.string(), z.number().nullable()),
    }),
  ),
});

export const experimentsOutputSchema = z.array(
  z.strictObject({ name: z.string(), title: z.string(), source: z.string() }),
);

export const tasksOutputSchema = z.strictObject({
  tasks: z.array(runningTaskSchema),
  silent: z.array(z.string()).describe('VMs that did not answer'),
});

export const quickstartOutputSchema = z.strictObject({
  app: z.string(),
  folder: z.string(),
  digest: z.string(),
  result: z.unknown(),
  ranOn: runOutputSchema.shape.ranOn,
  totalMs: ms,
});

export const doctorOutputSchema = z.array(
  z.strictObject({
    check: z.string(),
    region: z.string(),
    status: z.enum(['ok', 'warning', 'failed']),
    detail: z.string(),
    fix: z.string().nullable(),
  }),
);

export const keysOutputSchema = z
  .array(z.strictObject({ region: z.string(), kid: z.string(), made: z.string().describe('UTC, to the second') }))
  .describe('ticket-signing keys, oldest first in each region; never their private halves');

export const slaOutputSchema = z.array(configSchemas.sla);
export const groupOutputSchema = z.array(configSchemas.group);
export const appOutputSchema = z.array(configSchemas.app);

export const statusOutputSchema = z.array(statusResponseSchema).describe('one per region');
export const explainOutputSchema = slotsResponseSchema.shape.slots;
export const livePlanOutputSchema = z.array(livePlanSchema).describe('one per region');
export const killOutputSchema = z.strictObject({ killed: z.string(), region: z.string() });
export const startOutputSchema = systemFileSchema.extend({ dataDir: z.string(), log: z.string() });
