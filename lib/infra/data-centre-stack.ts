import { Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { Deployment } from '../ports/contracts/deployment.ts';
import type { Geography } from '../ports/contracts/topology.ts';
import { vmTags } from '../ports/contracts/vm-tags.ts';
import { SurrogateNetwork, zonesOf } from './constructs/surrogate-network.ts';
import { SurrogateRole } from './constructs/surrogate-role.ts';
import { SurrogateTemplate } from './constructs/surrogate-template.ts';

export interface DataCentreProps {
  deployment: Deployment;
  geography: Geography;
  /** AWS region of this data centre; the stack's own. */
  region: string;
}

/** Where one geography rents in one AWS region: network, role, launch templates, and the notices EC2 gives of interruptions. */
export class DataCentreStack extends Stack {
  readonly network: SurrogateNetwork;

  constructor(scope: Construct, id: string, props: DataCentreProps & StackProps) {
    super(scope, id, props);
    const { deployment, geography, region } = props;
    this.network = new SurrogateNetwork(this, 'Network');
    const role = new SurrogateRole(this, 'Surrogate', props);
    for (const architecture of deployment.image.architectures) {
      new SurrogateTemplate(this, `Template-${architecture}`, { ...props, architecture, network: this.network, role });
    }
    if (region !== geography.home) {
      const home = EventBus.fromEventBusArn(
        this,
        'HomeBus',
        `arn:${this.partition}:events:${geography.home}:${this.account}:event-bus/default`,
      );
      new Rule(this, 'InterruptionNotices', {
        description:
          'Spot interruption notices and rebalance recommendations go to the home region, which cordons and drains',
        eventPattern: interruptionPattern,
        targets: [new EventBusTarget(home)],
      });
    }
    Tags.of(this).add(vmTags.owner, deployment.name);
    Tags.of(this).add(vmTags.region, geography.home);
  }

  /** Without look-up: synthesis needs no network, whether the account is known or not. */
  override get availabilityZones(): string[] {
    return zonesOf(this.region);
  }
}

export const interruptionPattern = {
  source: ['aws.ec2'],
  detailType: ['EC2 Spot Instance Interruption Warning', 'EC2 Instance Rebalance Recommendation'],
};
