import { App, type AppProps } from 'aws-cdk-lib';
import { z } from 'zod';
import { type Deployment, deploymentSchema } from '../ports/contracts/deployment.ts';
import { DataCentreStack } from './data-centre-stack.ts';
import { GlobalStack } from './global-stack.ts';
import { stackIds } from './names.ts';

/**
 * Reads the `oaas` context value.
 *
 * @throws Error that lists every fault with its path and what is expected.
 */
export function parseDeployment(value: unknown): Deployment {
  const result = deploymentSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`the "oaas" context of cdk.json is not a valid deployment:\n${z.prettifyError(result.error)}`);
}

export interface OaasAppOptions extends AppProps {
  deployment: Deployment;
  account?: string;
  /** See GlobalStackProps.replicas. */
  replicas?: number;
}

/** The CDK app of a deployment: one global stack, a region stack per geography, a data-centre stack per place to rent. */
export function buildApp(options: OaasAppOptions): App {
  const { deployment, account, replicas, ...appProps } = options;
  const app = new App(appProps);
  const env = (region: string) => ({ region, ...(account === undefined ? {} : { account }) });
  const first = deployment.geographies[0]!;
  new GlobalStack(app, stackIds.global(deployment), {
    deployment,
    env: env(first.homeRegion),
    ...(replicas === undefined ? {} : { replicas }),
  });
  for (const geography of deployment.geographies) {
    for (const region of geography.dataCentres) {
      new DataCentreStack(app, stackIds.dataCentre(deployment, geography.id, region), { deployment, geography, region, env: env(region) });
    }
  }
  return app;
}
