import { z } from 'zod';

/**
 * The agent's environment: names, defaults and units in one place, shared by the providers that start agents
 * and the agent itself, which parses it once at boot.
 */
const number = z.coerce.number();
const flag = z.enum(['0', '1', 'true', 'false']).transform((v) => v === '1' || v === 'true');

export const agentEnvSchema = z.object({
  OAAS_VM_ID: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, 'must be 1-63 letters, digits or "-"'),
  /** Names the heartbeat row where IAM lets a VM write by it (EC2: the instance's ARN); absent: the VM id. */
  OAAS_PRINCIPAL: z.string().min(1).optional(),
  OAAS_POOL_ID: z.string().min(1),
  OAAS_REGION: z.string().min(1),
  OAAS_CORES: number.positive().max(1024).default(1),
  /** Speed per core relative to the reference core. */
  OAAS_CORE_SPEED: number.positive().max(1000).default(1),
  OAAS_MEMORY_MIB: number.int().positive().default(1024),
  /** N: tasks that run at once. */
  OAAS_SHARING_LIMIT: number.int().positive().max(10_000).default(4),
  /** Admitted requests that may wait beyond N. */
  OAAS_QUEUE_LIMIT: number.int().nonnegative().max(100_000).default(16),
  /** Exact pool: report every change of occupancy at once. */
  OAAS_EXACT: flag.default(false),
  /** `host:port` to listen on; port 0 takes a free one. */
  OAAS_LISTEN: z
    .string()
    .regex(/^[^\s:]+:\d{1,5}$/, 'must be host:port')
    .default('127.0.0.1:0'),
  /** Address that clients use instead of the one listened on (VMs behind NAT), `https://host:port`. */
  OAAS_PUBLIC_URL: z.url().optional(),
  /** Regional endpoint, for ticket keys and, without a bucket, bundles. */
  OAAS_ENDPOINT: z.url().optional(),
  OAAS_AGENT_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  OAAS_STATE_TABLE: z.string().min(1).optional(),
  OAAS_DYNAMODB_ENDPOINT: z.url().optional(),
  /** S3 bucket that bundles are read from with the machine's own role; absent: from the endpoint with the agent token. */
  OAAS_BUNDLE_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of an S3 bucket')
    .optional(),
  /** Another server that speaks S3's protocol. */
  OAAS_S3_ENDPOINT: z.url().optional(),
  /** Bundles, temporary folders; must be writable. */
  OAAS_WORK_DIR: z.string().min(1),
  /** Round trip that is really added on the wire, half each way. */
  OAAS_NETWORK_DELAY_MS: number.nonnegative().max(10_000).default(0),
  /** Simulated boot time of the machine before the agent gets ready. */
  OAAS_BOOT_DELAY_MS: number.nonnegative().max(600_000).default(0),
  OAAS_ISOLATION: z.enum(['auto', 'bubblewrap', 'process']).default('auto'),
  /** Digests whose sandboxes are prepared before the first request, comma separated. */
  OAAS_PREWARM: z
    .string()
    .default('')
    .transform((v) => v.split(',').filter((d) => d.length > 0))
    .pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256 digests in lower-case hex'))),
  /** Prepared sandboxes that wait for an idle app, at most N: a burst of that many starts without delay; each costs its memory. */
  OAAS_WAITING: number.int().positive().max(1_000).default(1),
  /** Refuse to serve when no sandbox is available. */
  OAAS_STRICT: flag.default(false),
  /** Bench only: tasks without any ticket; refused unless listening on loopback. */
  OAAS_OPEN: flag.default(false),
  /**
   * How sandboxes are held to the VM's cores. `machine`: this machine is the VM, each task is held to its cores of it by a control group where
   * those can be had; `off`: not at all.
   */
  OAAS_CPU_HOLD: z.enum(['auto', 'groups', 'signals', 'machine', 'off']).default('auto'),
  /** Java of the runtimes `jvm` and `art`; absent: the first on the path. */
  OAAS_JAVA: z.string().min(1).optional(),
  /** Folder with `runner.jar`, `translator/` and (for dalvikvm) `runner-dex.jar`; where there is none, no `jvm` and no `art`. */
  OAAS_JAVA_TOOLS: z.string().min(1).default('/opt/oaas/java'),
  /** Folder with an Android system whose dalvikvm runs `art`; where there is none DEX is translated. */
  OAAS_ART_ROOT: z.string().min(1).default('/opt/oaas/art'),
  /** A request must be complete within this, its headers within half of it: slow clients are closed. */
  OAAS_REQUEST_TIMEOUT_MS: number.int().positive().default(20_000),
  /** Open connections of one address (IPv6: one /64) that have not shown a valid ticket; more are closed at once. */
  OAAS_STRANGERS_PER_SOURCE: number.int().positive().max(100_000).default(256),
  /** A connection that has not shown a valid ticket within this is closed. */
  OAAS_STRANGER_MS: number.int().positive().max(600_000).default(2_000),
  OAAS_MAX_BODY_BYTES: number
    .int()
    .positive()
    .default(6 * 1024 * 1024),
  OAAS_MAX_OUTPUT_BYTES: number
    .int()
    .positive()
    .default(6 * 1024 * 1024),
});

export type AgentEnvName = keyof z.infer<typeof agentEnvSchema>;

/** The agent's configuration, typed and frozen. */
export interface AgentConfig {
  vmId: string;
  principal: string | undefined;
  poolId: string;
  region: string;
  cores: number;
  coreSpeed: number;
  memoryMiB: number;
  sharingLimit: number;
  queueLimit: number;
  exact: boolean;
  listenHost: string;
  listenPort: number;
  publicUrl: string | undefined;
  endpoint: string | undefined;
  agentToken: string | undefined;
  stateTable: string | undefined;
  dynamoDbEndpoint: string | undefined;
  bundleBucket: string | undefined;
  s3Endpoint: string | undefined;
  workDir: string;
  networkDelayMs: number;
  bootDelayMs: number;
  isolation: 'auto' | 'bubblewrap' | 'process';
  prewarm: readonly string[];
  waiting: number;
  strict: boolean;
  open: boolean;
  cpuHold: 'auto' | 'groups' | 'signals' | 'machine' | 'off';
  java: string | undefined;
  javaTools: string;
  artRoot: string;
  requestTimeoutMs: number;
  strangersPerSource: number;
  strangerMs: number;
  maxBodyBytes: number;
  maxOutputBytes: number;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Parses the environment.
 *
 * @returns the configuration, or every problem at once, one line each with the value received.
 */
export function parseAgentEnv(
  env: Record<string, string | undefined>,
): { ok: true; config: AgentConfig } | { ok: false; problems: string[] } {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = agentEnvSchema.safeParse(present);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        const shown = name.includes('TOKEN') ? '(hidden)' : JSON.stringify(env[name] ?? null);
        return `${name}: ${issue.message} (received ${shown})`;
      }),
    };
  }
  const e = parsed.data;
  const colon = e.OAAS_LISTEN.lastIndexOf(':');
  const listenHost = e.OAAS_LISTEN.slice(0, colon);
  if (e.OAAS_OPEN && !loopback.has(listenHost)) {
    return {
      ok: false,
      problems: [`OAAS_OPEN: tasks without a ticket are served on loopback only (listening on "${listenHost}")`],
    };
  }
  if (['0.0.0.0', '[::]'].includes(listenHost) && e.OAAS_PUBLIC_URL === undefined) {
    return {
      ok: false,
      problems: [
        `OAAS_PUBLIC_URL: listening on every address (${listenHost}) says none to clients: give https://host:port`,
      ],
    };
  }
  return {
    ok: true,
    config: Object.freeze({
      vmId: e.OAAS_VM_ID,
      principal: e.OAAS_PRINCIPAL,
      poolId: e.OAAS_POOL_ID,
      region: e.OAAS_REGION,
      cores: e.OAAS_CORES,
      coreSpeed: e.OAAS_CORE_SPEED,
      memoryMiB: e.OAAS_MEMORY_MIB,
      sharingLimit: e.OAAS_SHARING_LIMIT,
      queueLimit: e.OAAS_QUEUE_LIMIT,
      exact: e.OAAS_EXACT,
      listenHost,
      listenPort: Number(e.OAAS_LISTEN.slice(colon + 1)),
      publicUrl: e.OAAS_PUBLIC_URL,
      endpoint: e.OAAS_ENDPOINT,
      agentToken: e.OAAS_AGENT_TOKEN,
      stateTable: e.OAAS_STATE_TABLE,
      dynamoDbEndpoint: e.OAAS_DYNAMODB_ENDPOINT,
      bundleBucket: e.OAAS_BUNDLE_BUCKET,
      s3Endpoint: e.OAAS_S3_ENDPOINT,
      workDir: e.OAAS_WORK_DIR,
      networkDelayMs: e.OAAS_NETWORK_DELAY_MS,
      bootDelayMs: e.OAAS_BOOT_DELAY_MS,
      isolation: e.OAAS_ISOLATION,
      prewarm: e.OAAS_PREWARM,
      waiting: e.OAAS_WAITING,
      strict: e.OAAS_STRICT,
      open: e.OAAS_OPEN,
      cpuHold: e.OAAS_CPU_HOLD,
      java: e.OAAS_JAVA,
      javaTools: e.OAAS_JAVA_TOOLS,
      artRoot: e.OAAS_ART_ROOT,
      requestTimeoutMs: e.OAAS_REQUEST_TIMEOUT_MS,
      strangersPerSource: e.OAAS_STRANGERS_PER_SOURCE,
      strangerMs: e.OAAS_STRANGER_MS,
      maxBodyBytes: e.OAAS_MAX_BODY_BYTES,
      maxOutputBytes: e.OAAS_MAX_OUTPUT_BYTES,
    }),
  };
}

/** What the agent tells the process that started it, by IPC. */
export type AgentMessage =
  | {
      type: 'ready';
      vmId: string;
      url: string;
      certPem: string;
      certSha256: string;
      bootNonce: string;
      isolation: 'bubblewrap' | 'process';
      /** How sandboxes are held to the VM's cores. */
      cpuHold: string;
    }
  | { type: 'failed'; problems: string[] };
