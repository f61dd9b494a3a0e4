import { z } from 'zod';

/** Ids appear in URLs, table keys and file names. */
export const idSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/i,
    'must be 1-63 letters, digits, ".", "_" or "-", starting with a letter or digit',
  );

/** Ids that are parts of a pool's id, `region.group.sla`, which is split at dots. */
export const poolPartSchema = idSchema.refine((id) => !id.includes('.'), 'must not contain "."');

export const runtimeSchema = z.enum(['node', 'jvm', 'art']);
export type RuntimeId = z.infer<typeof runtimeSchema>;
export const dispatchModeSchema = z.enum(['exact', 'snapshot', 'session']);
export const poolPolicySchema = z.enum(['jsq', 'round-robin', 'even', 'capacity']);

/** A response-time agreement: indicator + target + window. */
export const slaSchema = z.strictObject({
  id: poolPartSchema.describe('name of the agreement; a part of its pools’ names, so without “.”'),
  indicator: z
    .enum(['mean', 'p95', 'p99'])
    .default('mean')
    .describe('which response time is promised; its clock starts at the device’s placement request'),
  targetMs: z.number().positive().max(3_600_000).describe('the indicator is to stay at or below this, milliseconds'),
  windowS: z
    .number()
    .positive()
    .max(86_400)
    .default(600)
    .describe('the indicator is taken over windows of so many seconds'),
  attainment: z.number().gt(0).max(1).default(0.99).describe('share of windows in which the target is to hold'),
  planner: z
    .enum(['exact', 'paper', 'same', 'minimum', 'maximum', 'threshold', 'static'])
    .default('exact')
    .describe(
      'how the scaler finds the fleet: exact (cheapest, proven), the OaaS paper’s algorithm and its three strategies, the IoT paper’s threshold, or static (the group’s minVms)',
    ),
  forecastQuantile: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.9)
    .describe('which quantile of the arrival forecast is planned for'),
});
export type Sla = z.infer<typeof slaSchema>;

const groupFields = z.strictObject({
  id: poolPartSchema.describe('name of the group; a part of its pools’ names, so without “.”'),
  runtimes: z.array(runtimeSchema).min(1).describe('runtimes that its machines serve'),
  os: z.string().max(40).default('linux').describe('operating system that an app may ask for'),
  memoryMiB: z
    .number()
    .int()
    .positive()
    .max(1_048_576)
    .describe('the most memory a call may ask for and still be served by this group'),
  vcpus: z
    .number()
    .positive()
    .max(1024)
    .describe('the most vCPUs a call may ask for and still be served by this group'),
  instanceTypes: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(200)
    .default(['*'])
    .describe('instance types that the scaler may rent for it, exact or with `*`'),
  purchaseOptions: z
    .array(z.enum(['on-demand', 'spot']))
    .min(1)
    .default(['on-demand'])
    .describe('how it may rent them'),
  sharingLimit: z
    .number()
    .int()
    .positive()
    .max(10_000)
    .nullable()
    .default(null)
    .describe('N: tasks at once on a VM; null: VM memory / app memory, at most 4 per core'),
  queueLimit: z
    .number()
    .int()
    .nonnegative()
    .max(100_000)
    .default(16)
    .describe('how many admitted requests may wait on a VM beyond N'),
  dispatch: z
    .strictObject({
      mode: dispatchModeSchema
        .default('session')
        .describe(
          'exact: a reservation per request; snapshot: a placement per request from a cached view; session: a ticket for many requests',
        ),
      policy: poolPolicySchema.default('jsq').describe('which VM a request goes to'),
      candidates: z.number().int().min(1).max(16).default(5).describe('k: VMs that a session ticket names'),
      threshold: z
        .number()
        .int()
        .positive()
        .nullable()
        .default(null)
        .describe('a VM of one core that holds so many tasks hands on, every further core adds one; null: 2'),
      sessionLifetimeS: z
        .number()
        .positive()
        .max(3600)
        .default(120)
        .describe(
          'how long a session ticket is good for, seconds; at most a slot, and a quarter of it while VMs of the pool start',
        ),
      snapshotRefreshMs: z
        .number()
        .positive()
        .max(60_000)
        .default(500)
        .describe('greatest age of the view in snapshot mode, milliseconds'),
    })
    .prefault({}),
  minVms: z.number().int().nonnegative().max(10_000).default(1).describe('machines kept without any request'),
  warmVms: z
    .number()
    .int()
    .nonnegative()
    .max(1_000)
    .default(0)
    .describe(
      'machines kept stopped and initialised (on-demand): they cost their disk and are ready sooner than a launch',
    ),
  maxVms: z.number().int().positive().max(10_000).default(50).describe('most machines of a pool'),
  maxUsdPerHour: z.number().positive().max(1_000_000).default(50).describe('most rent of a pool, USD per hour'),
  maxSpotShare: z.number().min(0).max(1).default(0.7).describe('most of the serving rate that spot machines may carry'),
  quotaPerPrincipalPerS: z
    .number()
    .min(0.001)
    .max(1_000_000)
    .default(2_000)
    .describe('placements per second and principal before 429'),
});
/** A VM-type group: which requirements it serves, with which offers, dispatched how. */
export const groupSchema = groupFields.refine(({ minVms, maxVms }) => minVms <= maxVms, {
  path: ['minVms'],
  message: 'must be at most maxVms',
});
export type VmTypeGroup = z.infer<typeof groupSchema>;

/** A class by its binary name, `a.b.C$D`. */
const javaClassSchema = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][\w$]*(\.[A-Za-z_$][\w$]*)*$/, 'must be the binary name of a class such as a.b.C$D');

const manifestFields = z.strictObject({
  id: idSchema.describe('name under which devices call it'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, 'must be a semantic version such as 1.0.0')
    .describe('semantic version'),
  runtime: runtimeSchema.describe('what runs it on a surrogate'),
  entry: z
    .string()
    .min(1)
    .max(255)
    .refine((p) => !p.startsWith('/') && !p.split(/[\\/]/).includes('..'), 'must be a path inside the bundle')
    .describe('file inside the bundle: JavaScript module, JAR or APK'),
  methods: z
    .record(
      z.string().regex(/^[A-Za-z_$][\w$.]{0,99}$/),
      z.strictObject({
        idempotent: z
          .boolean()
          .default(false)
          .describe('may be run again when its outcome is unknown; only then does anything retry by itself'),
        parallelism: z.number().int().positive().max(256).default(1).describe('cores that one call can use'),
        demandS: z
          .number()
          .positive()
          .max(3600)
          .default(0.1)
          .describe('CPU seconds of a call on the reference core, expected before anything was measured'),
      }),
    )
    .refine((m) => Object.keys(m).length > 0, 'must name at least one method'),
  java: z
    .strictObject({
      implementations: z
        .array(javaClassSchema)
        .min(1)
        .max(32)
        .describe('classes on whose objects the methods are called'),
      classes: z
        .array(javaClassSchema)
        .max(1_000)
        .default([])
        .describe('classes that may appear in payloads beyond those which the signatures declare'),
    })
    .optional()
    .describe('for the runtimes jvm and art, and only for them; see docs/jvm-wire.md'),
  requirements: z
    .strictObject({
      os: z.string().max(40).default('linux').describe('operating system that the group must offer'),
      memoryMiB: z
        .number()
        .int()
        .positive()
        .max(1_048_576)
        .default(128)
        .describe('memory of a call; beyond it the call is killed'),
      vcpus: z.number().positive().max(1024).default(1).describe('vCPUs that the group must offer'),
    })
    .prefault({}),
  slaId: idSchema.optional().describe('agreement used when a request names none; without it the one named `default`'),
});
/** `oaas.json` at the root of an app bundle (a zip). */
export const manifestSchema = manifestFields.refine(
  ({ java, runtime }) => (java !== undefined) === (runtime !== 'node'),
  { path: ['java'], message: 'must be there for the runtimes jvm and art, and only for them' },
);
export type Manifest = z.infer<typeof manifestSchema>;

/** A registered app: its manifest, and the SHA-256 (hex) of the bundle that carries it. */
export const appSchema = z.strictObject({
  id: idSchema,
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
  bundleBytes: z.number().int().positive(),
  manifest: manifestSchema,
});
export type App = z.infer<typeof appSchema>;

export type ConfigKind = 'sla' | 'app' | 'group';
export const configSchemas = { sla: slaSchema, app: appSchema, group: groupSchema } as const;
export interface ConfigDocuments {
  sla: Sla;
  app: App;
  group: VmTypeGroup;
}
