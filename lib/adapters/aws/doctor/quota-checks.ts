import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { sdkClient } from '../sdk-client.ts';
import { type Look, ok, type Result, warning } from './look.ts';

interface Quota {
  name: string;
  ServiceCode: string;
  QuotaCode: string;
  /** Below this the deployment works, but soon meets the limit; docs/scale.md. */
  least: number;
}

const lambdaQuotas: readonly Quota[] = [
  { name: 'concurrent Lambda runs', ServiceCode: 'lambda', QuotaCode: 'L-B99A9384', least: 100 },
];
const ec2Quotas: readonly Quota[] = [
  { name: 'on-demand vCPUs', ServiceCode: 'ec2', QuotaCode: 'L-1216C47A', least: 32 },
  { name: 'spot vCPUs', ServiceCode: 'ec2', QuotaCode: 'L-34B43A08', least: 32 },
];

export const checkControlQuotas = (look: Look, region: string): Promise<Result> => check(look, region, lambdaQuotas);
/** Quotas on machines hold in the region that rents them. */
export const checkMachineQuotas = (look: Look, region: string): Promise<Result> => check(look, region, ec2Quotas);

async function check({ awsEndpoint }: Look, region: string, wanted: readonly Quota[]): Promise<Result> {
  const client = sdkClient(ServiceQuotasClient, 'control', {
    region,
    ...(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint }),
  });
  const seen = await Promise.all(
    wanted.map(async ({ name, least, ...quota }) => {
      const value = (await client.send(new GetServiceQuotaCommand(quota))).Quota?.Value ?? 0;
      return { text: `${name} ${value}`, enough: value >= least, ask: `${quota.ServiceCode} ${quota.QuotaCode}` };
    }),
  );
  const detail = seen.map(({ text }) => text).join(', ');
  const short = seen.filter(({ enough }) => !enough).map(({ ask }) => ask);
  return short.length === 0 ? ok(detail) : warning(detail, `ask for more in Service Quotas: ${short.join(', ')}`);
}
