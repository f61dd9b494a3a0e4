import { z } from 'zod';
import { bundleLimits } from './bundle-limits.ts';
import { dispatchModeSchema, idSchema, runtimeSchema } from './config.ts';
import { payloadSchema } from './payload.ts';

/** Paths shared by construct, handler, SDK and agent. */
export const paths = {
  placements: '/v1/placements',
  groupPlacements: (groupId: string) => `/v1/groups/${groupId}/placements`,
  invocations: '/v1/invocations',
  tasks: '/v1/tasks',
  task: (taskId: string) => `/v1/tasks/${taskId}`,
  /** On a surrogate: an alternate asks for a single-use ticket whose first candidate it is. */
  ticketClaims: '/v1/tickets/claims',
  regions: '/v1/regions',
  ping: '/v1/ping',
  keys: '/v1/keys',
  bundles: '/v1/bundles',
  bundle: (digest: string) => `/v1/bundles/${digest}`,
  uploads: '/v1/uploads',
  /** Local mode only; on AWS uploads go to S3. */
  upload: (digest: string) => `/v1/uploads/${digest}`,
  apps: '/v1/apps',
  config: (kind: string, id?: string) => (id === undefined ? `/v1/${kind}s` : `/v1/${kind}s/${id}`),
  status: '/v1/status',
  openapi: '/v1/openapi.json',
} as const;

/** Header names of the task route. */
export const headers = {
  requestId: 'oaas-request-id',
  /** Ids of the VMs that handed the task on, comma separated. */
  hops: 'oaas-hops',
} as const;

export const placementRequestSchema = z.strictObject({
  appId: idSchema.describe('a registered app'),
  method: z.string().max(100).optional().describe('a method of the manifest; the answer then goes by what it costs'),
  slaId: idSchema.optional().describe('agreement to ask for; else the app’s, else `default`'),
  requirements: z
    .strictObject({
      runtime: runtimeSchema.optional(),
      os: z.string().max(40).optional(),
      memoryMiB: z.number().int().positive().max(1_048_576).optional(),
      vcpus: z.number().positive().max(1024).optional(),
    })
    .optional()
    .describe("overrides the manifest's requirements, upwards only"),
  acceleration: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe('least VM speed per core relative to the reference core'),
  localEstimateMs: z
    .number()
    .nonnegative()
    .max(86_400_000)
    .optional()
    .describe('what the device itself would need; the answer is `local` when remote is predicted slower'),
  exclude: z
    .array(z.string().max(100))
    .max(16)
    .optional()
    .describe('VMs that just failed this client and are to be avoided'),
});
export type PlacementRequest = z.infer<typeof placementRequestSchema>;

export const candidateSchema = z.object({
  vmId: z.string(),
  url: z.string().describe('https://host:port of the agent'),
  certPem: z.string().describe("the agent's own certificate: the only CA to trust, with `vmId` as server name"),
  networkMs: z.number().describe("expected device-surrogate round trip added by the data centre's distance"),
});
export type Candidate = z.infer<typeof candidateSchema>;

const placedSchema = z.object({
  decision: z.literal('remote'),
  ticket: z.string().describe('compact Ed25519 JWS, sent to the surrogate as `Authorization: Bearer`'),
  mode: dispatchModeSchema,
  expiresInMs: z.number().describe("relative lifetime: a device's clock is never trusted"),
  candidates: z.array(candidateSchema).min(1).describe('in order of preference; alternates hold no reservation'),
  poolId: z.string(),
  groupId: z.string(),
  slaId: z.string(),
  appDigest: z.string(),
  groupRoute: z.string().describe("the group's own route: a client may call it next time and skip the classifier"),
  predictedMs: z.number().nullable(),
  placementMs: z.number().describe('server-side time spent on this placement'),
});
const runLocallySchema = z.object({
  decision: z.literal('local'),
  reason: z.enum(['slower-than-local', 'saturated', 'no-capacity']),
  detail: z.string(),
  predictedMs: z.number().nullable(),
  retryAfterMs: z.number().nullable(),
});
export const placementResponseSchema = z.discriminatedUnion('decision', [placedSchema, runLocallySchema]);
export type PlacementResponse = z.infer<typeof placementResponseSchema>;
export type Placed = z.infer<typeof placedSchema>;

/** The longest that a surrogate lets a task run. */
export const longestDeadlineMs = 3_600_000;

export const taskRequestSchema = z.strictObject({
  requestId: z.string().min(1).max(64).describe('unique per logical request; the agent runs an id at most once'),
  method: z.string().min(1).max(100).describe('a method of the manifest'),
  args: payloadSchema.describe('arguments, as JSON or as bytes with a type'),
  state: payloadSchema.optional().describe('state that the method reads and replaces'),
  deadlineMs: z
    .number()
    .positive()
    .max(longestDeadlineMs)
    .default(30_000)
    .describe('from arrival at the surrogate; the task and its whole process tree are killed then'),
});
export type TaskRequest = z.input<typeof taskRequestSchema>;

/** Milliseconds measured by the surrogate on its own monotonic clock. */
export const taskTimingsSchema = z.object({
  queueMs: z.number().describe('waiting for one of the N places'),
  cloudMs: z.number().describe('Tcloud: running in the sandbox'),
  totalMs: z.number().describe('arrival of the request to the end of the run'),
  cpuMs: z.number().describe('CPU of the task, and of preparing its sandbox'),
  prepCpuMs: z.number(),
  handoffMs: z.number().describe('between surrogates when the task was handed on'),
});
export type TaskTimings = z.infer<typeof taskTimingsSchema>;

export const taskResponseSchema = z.object({
  requestId: z.string(),
  taskId: z.string(),
  vmId: z.string().describe('the surrogate that ran it'),
  hops: z.array(z.string()).describe('surrogates that handed it on'),
  result: payloadSchema,
  state: payloadSchema.optional().describe('the new state'),
  timings: taskTimingsSchema,
  /** What executed a Java app: the JVM, dalvikvm, or a JVM after translation from DEX. */
  engine: z.string().optional(),
});
export type TaskResponse = z.infer<typeof taskResponseSchema>;

/** The proxy route: placement and task in one call, for clients that cannot pin a certificate. */
export const invocationRequestSchema = placementRequestSchema.extend(taskRequestSchema.shape).omit({ exclude: true });

export const invocationResponseSchema = taskResponseSchema.extend({
  poolId: z.string(),
  t2Ms: z.number().describe('T2: front-end to surrogate and back without Tcloud, queueing and hand-off'),
  placementMs: z.number(),
});
export type InvocationResponse = z.infer<typeof invocationResponseSchema>;

export const regionsResponseSchema = z.object({
  regions: z.array(z.object({ id: z.string(), geography: z.string(), endpoint: z.string() })),
});
export type RegionsResponse = z.infer<typeof regionsResponseSchema>;

/** A running or waiting task, as `npx oaas tasks` lists it. */
export const runningTaskSchema = z.object({
  taskId: z.string(),
  requestId: z.string(),
  vmId: z.string(),
  appId: z.string(),
  method: z.string(),
  state: z.enum(['waiting', 'running']),
  pid: z.number().nullable(),
  ageMs: z.number(),
});
export type RunningTask = z.infer<typeof runningTaskSchema>;

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** Bundles above this do not pass the endpoint on AWS (Lambda takes 6 MB, base64 included): they are uploaded first. */
export const directBundleBytes = 4_000_000;
/** How long an upload's address works. */
export const uploadLifetimeMs = 15 * 60_000;

export const uploadRequestSchema = z.strictObject({
  digest: digestSchema.describe("SHA-256 of the bundle's bytes"),
  bytes: z.number().int().positive().max(bundleLimits.maxZipBytes).describe('length of the bundle'),
});
export type UploadRequest = z.infer<typeof uploadRequestSchema>;

export const uploadResponseSchema = z.object({
  digest: z.string().describe('as sent'),
  upload: z
    .object({
      method: z.literal('PUT').describe('how the bytes are sent'),
      url: z.string().describe('where to; the address itself is the right to put these bytes there'),
      headers: z.record(z.string(), z.string()).describe('to be sent exactly as given'),
      expiresInMs: z.number().describe('the address is refused after this'),
    })
    .nullable()
    .describe('null: these bytes are stored already, register at once'),
});
export type UploadResponse = z.infer<typeof uploadResponseSchema>;

/** Registration by digest, after an upload. */
export const appRegistrationSchema = z.strictObject({
  digest: digestSchema.describe('SHA-256 of the uploaded bundle'),
});
