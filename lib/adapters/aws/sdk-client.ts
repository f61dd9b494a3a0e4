/** What every client of the SDK is made with: the SDK itself waits for an answer for ever. */
interface Patience {
  connectionTimeoutMs: number;
  requestTimeoutMs: number;
}

/** Worst case of one call: 3 attempts of each. */
const patience = {
  /** On the path of a request. */
  store: { connectionTimeoutMs: 1_000, requestTimeoutMs: 2_000 },
  secrets: { connectionTimeoutMs: 1_000, requestTimeoutMs: 3_000 },
  objects: { connectionTimeoutMs: 1_000, requestTimeoutMs: 10_000 },
  /** Control planes of AWS: a launch may take seconds to be answered. */
  control: { connectionTimeoutMs: 2_000, requestTimeoutMs: 15_000 },
} as const satisfies Record<string, Patience>;

export interface SdkClientOptions {
  region: string;
  /** Another server that speaks the service's protocol; AWS's own when absent. */
  endpoint?: string | undefined;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** S3 only: bucket names in the path, as other servers want them. */
  forcePathStyle?: boolean;
}

interface SdkConfiguration extends Omit<SdkClientOptions, 'endpoint'> {
  endpoint?: string;
  maxAttempts: number;
  retryMode: 'standard';
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: true };
}

/**
 * Makes a client of the SDK; the only place that does. Request timeouts throw, three attempts, never the adaptive mode (it delays
 * callers).
 *
 * @param kind how long an answer may take
 */
export function sdkClient<C>(
  Client: new (configuration: SdkConfiguration) => C,
  kind: keyof typeof patience,
  { endpoint, ...options }: SdkClientOptions,
): C {
  const { connectionTimeoutMs, requestTimeoutMs } = patience[kind];
  return new Client({
    ...options,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}
