import { z } from 'zod';
import { type Deployment, deploymentSchema } from './deployment.ts';
import type { Geography } from './topology.ts';

/** Environment variables of the Lambda functions: written by the constructs, parsed by the handlers, named only here. */
export const lambdaEnv = {
  deploymentName: 'OAAS_DEPLOYMENT',
  region: 'OAAS_REGION',
  /** AWS account and partition: part of the principals that own heartbeat rows. */
  account: 'OAAS_ACCOUNT',
  partition: 'OAAS_PARTITION',
  configTable: 'OAAS_CONFIG_TABLE',
  stateTable: 'OAAS_STATE_TABLE',
  /** JSON: bucket name per home region. */
  bundleBuckets: 'OAAS_BUNDLE_BUCKETS',
  ticketKeyParameter: 'OAAS_TICKET_KEY_PARAMETER',
  /** JSON: the whole deployment (geographies, groups, ...). */
  deployment: 'OAAS_DEPLOYMENT_JSON',
  /** Own URL, where the function is not itself behind it. */
  endpoint: 'OAAS_ENDPOINT',
  /** Tests only: another server that speaks DynamoDB's, EC2's, SSM's and S3's protocols. */
  awsEndpoint: 'OAAS_AWS_ENDPOINT',
  dynamoDbEndpoint: 'OAAS_DYNAMODB_ENDPOINT',
  /** Tests only: length of a slot in milliseconds where the deployment's minutes are too long to wait for. */
  slotMs: 'OAAS_SLOT_MS',
} as const;

const json = <S extends z.ZodType>(schema: S) =>
  z.string().transform((text, context): z.output<S> => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `must be JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: z.prettifyError(parsed.error) });
    return z.NEVER;
  });

const lambdaEnvSchema = z.object({
  [lambdaEnv.deploymentName]: z.string().min(1),
  [lambdaEnv.region]: z.string().min(1),
  [lambdaEnv.account]: z.string().regex(/^\d{12}$/, 'must be an AWS account number of 12 digits'),
  [lambdaEnv.partition]: z.string().min(1).default('aws'),
  [lambdaEnv.configTable]: z.string().min(1),
  [lambdaEnv.stateTable]: z.string().min(1),
  [lambdaEnv.bundleBuckets]: json(z.record(z.string(), z.string())),
  [lambdaEnv.ticketKeyParameter]: z.string().min(1),
  [lambdaEnv.deployment]: json(deploymentSchema),
  [lambdaEnv.endpoint]: z.url().optional(),
  [lambdaEnv.awsEndpoint]: z.url().optional(),
  [lambdaEnv.dynamoDbEndpoint]: z.url().optional(),
  [lambdaEnv.slotMs]: z.coerce.number().int().min(1_000).max(3_600_000).optional(),
});

/** A function's configuration, typed and frozen. */
export interface LambdaConfig {
  name: string;
  region: string;
  account: string;
  partition: string;
  configTable: string;
  stateTable: string;
  bundleBuckets: Readonly<Record<string, string>>;
  ticketKeyParameter: string;
  deployment: Deployment;
  /** The geography whose home this region is. */
  geography: Geography;
  endpoint: string | undefined;
  awsEndpoint: string | undefined;
  dynamoDbEndpoint: string | undefined;
  slotMs: number;
}

/**
 * Parses the environment once per process.
 *
 * @throws Error that lists every problem at once, one line each with the value received
 */
export function parseLambdaEnv(env: Record<string, string | undefined>): LambdaConfig {
  const parsed = lambdaEnvSchema.safeParse(env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `  ${name}: ${issue.message} (received ${JSON.stringify(env[name] ?? null).slice(0, 200)})`;
    });
    throw new Error(`the function's environment is not valid:\n${lines.join('\n')}`);
  }
  const e = parsed.data;
  const region = e[lambdaEnv.region];
  const deployment = e[lambdaEnv.deployment];
  const geography = deployment.geographies.find((g) => g.home === region);
  if (geography === undefined) {
    const homes = deployment.geographies.map((g) => g.home).join(', ');
    throw new Error(`${lambdaEnv.region} is "${region}", which is no home region of the deployment (${homes})`);
  }
  return Object.freeze({
    name: e[lambdaEnv.deploymentName],
    region,
    account: e[lambdaEnv.account],
    partition: e[lambdaEnv.partition],
    configTable: e[lambdaEnv.configTable],
    stateTable: e[lambdaEnv.stateTable],
    bundleBuckets: e[lambdaEnv.bundleBuckets],
    ticketKeyParameter: e[lambdaEnv.ticketKeyParameter],
    deployment,
    geography,
    endpoint: e[lambdaEnv.endpoint],
    awsEndpoint: e[lambdaEnv.awsEndpoint],
    dynamoDbEndpoint: e[lambdaEnv.dynamoDbEndpoint],
    slotMs: e[lambdaEnv.slotMs] ?? deployment.slotMinutes * 60_000,
  });
}
