import type { App } from 'aws-cdk-lib';
import { z } from 'zod';
import { type Deployment, deploymentSchema } from '../ports/contracts/deployment.ts';
import { DataCentreStack } from './data-centre-stack.ts';
import { GlobalStack } from './global-stack.ts';
import { ImageStack } from './image-stack.ts';
import { stackIds } from './names.ts';
import { RegionStack } from './region-stack.ts';

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

export interface OaasAppOptions {
  deployment: Deployment;
  account?: string;
  /** See GlobalStackProps.replicas. */
  replicas?: number;
  /** What the image pipeline installs, see `buildAgentFolder`. */
  agentFolder: string;
  /** Start of the slot schedule, see `alignedStart`. */
  scheduleStart: Date;
}

/** Adds the stacks of a deployment: one global, a region stack per geography, a data-centre stack per place to rent. */
export function addStacks(app: App, options: OaasAppOptions): void {
  const { deployment, account, replicas, scheduleStart } = options;
  const env = (region: string) => ({ region, ...(account === undefined ? {} : { account }) });
  const global = new GlobalStack(app, stackIds.global(deployment), {
    deployment,
    env: env(deployment.geographies[0]!.home),
    ...(replicas === undefined ? {} : { replicas }),
  });
  new ImageStack(app, stackIds.image(deployment), {
    deployment,
    agentFolder: options.agentFolder,
    env: env(deployment.geographies[0]!.home),
  });
  for (const geography of deployment.geographies) {
    const region = new RegionStack(app, stackIds.region(deployment, geography.id), {
      deployment,
      geography,
      scheduleStart,
      env: env(geography.home),
    });
    region.addStackDependency(global, 'the functions read the configuration table');
    for (const place of geography.dataCentres) {
      new DataCentreStack(app, stackIds.dataCentre(deployment, geography.id, place.id), {
        deployment,
        geography,
        region: place.id,
        env: env(place.id),
      });
    }
  }
}
