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
export const dispatchModeSchema = z.enum(['exact', 'snapshot', 'session']);
export const poolPolicySchema = z.enum(['jsq', 'round-robin', 'even', 'capacity']);

/** A response-time agreement: indicator + target + window. */
export const slaSchema = z.strictObject({
  id: poolPartSchema,
  indicator: z.enum(['mean', 'p95', 'p99']).default('mean'),
  /** The clock starts at the device's placement request. */
  targetMs: z.number().positive().max(3_600_000),
  windowS: z.number().positive().max(86_400).default(600),
  /** Share of windows in which the target is to hold. */
  attainment: z.number().gt(0).max(1).default(0.99),
  /** How the scaler finds the fleet; `paper` is the OaaS paper's algorithm, `threshold` the IoT paper's trigger. */
  planner: z.enum(['exact', 'paper', 'same', 'minimum', 'maximum', 'threshold', 'static']).default('exact'),
  /** Which quantile of the arrival forecast is planned for. */
  forecastQuantile: z.number().gt(0).lt(1).default(0.9),
});
export type Sla = z.infer<typeof slaSchema>;

/** A VM-type group: which requirements it serves, with which offers, dispatched how. */
export const groupSchema = z.strictObject({
  id: poolPartSchema,
  runtimes: z.array(runtimeSchema).min(1),
  os: z.string().max(40).default('linux'),
  /** The most an app may ask for and still be served by this group. */
  memoryMiB: z.number().int().positive().max(1_048_576),
  vcpus: z.number().positive().max(1024),
  /** Patterns (exact or with `*`) of instance types that the scaler may rent for it. */
  instanceTypes: z.array(z.string().min(1)).min(1).default(['*']),
  purchaseOptions: z
    .array(z.enum(['on-demand', 'spot']))
    .min(1)
    .default(['on-demand']),
  /** N per VM; null: VM memory / app memory, at most 4 per core. */
  sharingLimit: z.number().int().positive().max(10_000).nullable().default(null),
  /** How many admitted requests may wait on a VM beyond N. */
  queueLimit: z.number().int().nonnegative().max(100_000).default(16),
  dispatch: z
    .strictObject({
      mode: dispatchModeSchema.default('session'),
      policy: poolPolicySchema.default('jsq'),
      /** k: candidates named by a session ticket. */
      candidates: z.number().int().min(1).max(16).default(5),
      /** A VM of one core that holds this many tasks hands on, every further core adds one; null: 2, one task waiting for a core. */
      threshold: z.number().int().positive().nullable().default(null),
      sessionLifetimeS: z.number().positive().max(3600).default(120),
      snapshotRefreshMs: z.number().positive().max(60_000).default(500),
    })
    .prefault({}),
  minVms: z.number().int().nonnegative().max(10_000).default(1),
  maxVms: z.number().int().positive().max(10_000).default(50),
  maxUsdPerHour: z.number().positive().max(1_000_000).default(50),
  maxSpotShare: z.number().min(0).max(1).default(0.7),
  /** Placements per second and principal before 429. */
  quotaPerPrincipalPerS: z.number().positive().max(1_000_000).default(2_000),
});
export type VmTypeGroup = z.infer<typeof groupSchema>;

/** `oaas.json` at the root of an app bundle (a zip). */
export const manifestSchema = z.strictObject({
  id: idSchema,
  version: z.string().regex(/^\d+\.\d+\.\d+(-[\w.]+)?$/, 'must be a semantic version such as 1.0.0'),
  runtime: runtimeSchema,
  /** File inside the bundle: JavaScript module, JAR/class or APK. */
  entry: z
    .string()
    .min(1)
    .max(255)
    .refine((p) => !p.startsWith('/') && !p.split(/[\\/]/).includes('..'), 'must be a path inside the bundle'),
  methods: z
    .record(
      z.string().regex(/^[A-Za-z_$][\w$.]{0,99}$/),
      z.strictObject({
        /** Only then is a request retried automatically. */
        idempotent: z.boolean().default(false),
        /** Cores one run can use. */
        parallelism: z.number().int().positive().max(256).default(1),
        /** CPU seconds on a reference core expected before anything was measured. */
        demandS: z.number().positive().max(3600).default(0.1),
      }),
    )
    .refine((m) => Object.keys(m).length > 0, 'must name at least one method'),
  requirements: z
    .strictObject({
      os: z.string().max(40).default('linux'),
      memoryMiB: z.number().int().positive().max(1_048_576).default(128),
      vcpus: z.number().positive().max(1024).default(1),
    })
    .prefault({}),
  /** The agreement used when a request names none. */
  slaId: idSchema.optional(),
});
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
