import { z } from 'zod';

/** Environment variables of the Lambda functions: written by the constructs, parsed by the handlers, named only here. */
export const lambdaEnv = {
  deploymentName: 'OAAS_DEPLOYMENT',
  region: 'OAAS_REGION',
  configTable: 'OAAS_CONFIG_TABLE',
  stateTable: 'OAAS_STATE_TABLE',
  /** JSON: bucket name per home region. */
  bundleBuckets: 'OAAS_BUNDLE_BUCKETS',
  ticketKeyParameter: 'OAAS_TICKET_KEY_PARAMETER',
  /** JSON: the whole deployment (geographies, groups, ...). */
  deployment: 'OAAS_DEPLOYMENT_JSON',
  groupId: 'OAAS_GROUP_ID',
  slotS: 'OAAS_SLOT_S',
} as const;

const json = <S extends z.ZodType>(schema: S) =>
  z.string().transform((text, context) => {
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      context.addIssue({ code: 'custom', message: `must be JSON of the documented form: ${(error as Error).message}` });
      return z.NEVER;
    }
  });

/** What every function is given. */
export const commonLambdaEnvSchema = z.object({
  [lambdaEnv.deploymentName]: z.string().min(1),
  [lambdaEnv.region]: z.string().min(1),
  [lambdaEnv.configTable]: z.string().min(1),
  [lambdaEnv.stateTable]: z.string().min(1),
  [lambdaEnv.bundleBuckets]: json(z.record(z.string(), z.string())),
  [lambdaEnv.ticketKeyParameter]: z.string().min(1),
});
