import { Aws, Stack } from 'aws-cdk-lib';
import { InstanceProfile, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Deployment } from '../../ports/contracts/deployment.ts';
import type { Geography } from '../../ports/contracts/topology.ts';
import { names } from '../names.ts';

/** Partition key of the caller's own heartbeat row: an IAM policy variable, resolved by AWS at each call. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: not a template of ours
const ownHeartbeat = 'heartbeat#${ec2:SourceInstanceARN}';

/**
 * What a surrogate may do: write the one heartbeat row that carries its own instance ARN, and read app bundles.
 * It runs strangers' code, so everything else is absent.
 */
export class SurrogateRole extends Construct {
  readonly role: Role;
  readonly instanceProfile: InstanceProfile;

  constructor(scope: Construct, id: string, props: { deployment: Deployment; geography: Geography; region: string }) {
    super(scope, id);
    const { deployment, geography } = props;
    const { account, partition } = Stack.of(this);
    this.role = new Role(this, 'Role', {
      roleName: names.surrogateRole(deployment, geography.id, props.region),
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'OaaS surrogate: its own heartbeat row and app bundles, nothing else',
    });
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'OwnHeartbeatOnly',
        actions: ['dynamodb:PutItem'],
        resources: [
          `arn:${partition}:dynamodb:${geography.home}:${account}:table/${names.stateTable(deployment, geography.home)}`,
        ],
        conditions: {
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [ownHeartbeat] },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'AppBundles',
        actions: ['s3:GetObject'],
        resources: [
          `arn:${partition}:s3:::${names.bundleBucket(deployment, Aws.ACCOUNT_ID, geography.home)}/bundles/*`,
        ],
      }),
    );
    this.instanceProfile = new InstanceProfile(this, 'Profile', { role: this.role });
  }
}
