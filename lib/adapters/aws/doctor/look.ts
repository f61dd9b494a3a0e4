/** What the checks are given: the deployment, names, clients. Fakes of the services are put in by their addresses. */
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { Deployment } from '../../../ports/contracts/deployment.ts';
import type { Geography } from '../../../ports/contracts/topology.ts';
import type { Finding } from '../../../ports/diagnosis.ts';
import type { Zone } from '../ec2/zones.ts';

export interface Look {
  deployment: Deployment;
  geography: Geography;
  configTable: string;
  stateTable: string;
  ticketKeyParameter: string;
  bundleBucket: (account: string) => string;
  imageParameter: (architecture: string) => string;
  launchTemplate: (architecture: string) => string;
  ec2: (region: string) => EC2Client;
  /** The geography's subnets in a data centre. */
  zones: (region: string) => Promise<Zone[]>;
  /** Another server than AWS's own, for every service but DynamoDB, and for DynamoDB. */
  awsEndpoint: string | undefined;
  dynamoDbEndpoint: string | undefined;
  nowMs: () => number;
}

export type Result = Omit<Finding, 'check' | 'region'>;
export type Check = (look: Look, region: string) => Promise<Result>;

export const ok = (detail: string): Result => ({ status: 'ok', detail, fix: null });
export const warning = (detail: string, fix: string): Result => ({ status: 'warning', detail, fix });
export const failed = (detail: string, fix: string): Result => ({ status: 'failed', detail, fix });
