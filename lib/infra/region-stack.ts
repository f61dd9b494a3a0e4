import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { Deployment } from '../ports/contracts/deployment.ts';
import { lambdaEnv } from '../ports/contracts/lambda-env.ts';
import type { Geography } from '../ports/contracts/topology.ts';
import { vmTags } from '../ports/contracts/vm-tags.ts';
import { RegionAlarms } from './constructs/region-alarms.ts';
import { RegionApi } from './constructs/region-api.ts';
import { RegionDashboard } from './constructs/region-dashboard.ts';
import { RegionFunctions } from './constructs/region-functions.ts';
import { RegionStorage } from './constructs/region-storage.ts';
import { ScalerSchedule } from './constructs/scaler-schedule.ts';
import { interruptionPattern } from './data-centre-stack.ts';

export interface RegionStackProps extends StackProps {
  deployment: Deployment;
  geography: Geography;
}

/** Everything one geography has in its home region: endpoint, functions, state, schedule, alarms. */
export class RegionStack extends Stack {
  readonly storage: RegionStorage;

  constructor(scope: Construct, id: string, props: RegionStackProps & { scheduleStart: Date }) {
    super(scope, id, props);
    this.storage = new RegionStorage(this, 'Storage', { ...props, account: this.account });
    const functions = new RegionFunctions(this, 'Functions', { ...props, storage: this.storage });
    const { api } = new RegionApi(this, 'Endpoint', { ...props, functions });
    functions.scaler.addEnvironment(lambdaEnv.endpoint, api.apiEndpoint);
    const schedule = new ScalerSchedule(this, 'Schedule', { ...props, functions, start: props.scheduleStart });
    new Rule(this, 'InterruptionNotices', {
      description: 'Notices of this region and, forwarded, of its data centres',
      eventPattern: interruptionPattern,
      targets: [new LambdaFunction(functions.interruptions)],
    });
    new RegionAlarms(this, 'Alarms', { ...props, functions, api, deadLetters: schedule.deadLetters });
    new RegionDashboard(this, 'Dashboard', { ...props, api });
    new CfnOutput(this, 'EndpointUrl', {
      value: api.apiEndpoint,
      description: `Regional endpoint of ${props.geography.id}`,
    });
    Tags.of(this).add(vmTags.owner, props.deployment.name);
  }
}
