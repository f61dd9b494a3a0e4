import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Deployment } from '../../ports/contracts/deployment.ts';
import type { Geography } from '../../ports/contracts/topology.ts';
import { vmTags } from '../../ports/contracts/vm-tags.ts';
import { names } from '../names.ts';

/**
 * What the scaler may do to EC2: launch with our launch templates and our owner tag, start, stop and terminate what carries
 * the tag, set again the tags that depend on the type, pass the one surrogate role per data centre. Describe calls know no resources.
 */
export function scalerStatements(props: {
  deployment: Deployment;
  geography: Geography;
  partition: string;
  account: string;
}): PolicyStatement[] {
  const { deployment, geography, partition, account } = props;
  const regions = geography.dataCentres.map((place) => place.id);
  const inRegions = (resource: string, owner = account) =>
    regions.map((region) => `arn:${partition}:ec2:${region}:${owner}:${resource}`);
  const templates = inRegions('launch-template/*');
  const ownTag = { [`aws:RequestTag/${vmTags.owner}`]: deployment.name };
  const hasOwnTag = { [`aws:ResourceTag/${vmTags.owner}`]: deployment.name };
  const launch = ['ec2:RunInstances', 'ec2:CreateFleet'];
  const into = [
    ...inRegions('subnet/*'),
    ...inRegions('security-group/*'),
    ...inRegions('network-interface/*'),
    ...inRegions('image/*', ''),
  ];
  return [
    new PolicyStatement({
      sid: 'LaunchTagged',
      actions: launch,
      resources: [
        ...inRegions('instance/*'),
        ...inRegions('volume/*'),
        ...inRegions('fleet/*'),
        ...inRegions('spot-instances-request/*'),
      ],
      conditions: { StringEquals: ownTag },
    }),
    new PolicyStatement({
      sid: 'LaunchFromOwnTemplates',
      actions: launch,
      resources: templates,
      conditions: { StringEquals: hasOwnTag },
    }),
    new PolicyStatement({
      sid: 'RunInto',
      actions: ['ec2:RunInstances'],
      resources: into,
      conditions: { ArnLike: { 'ec2:LaunchTemplate': templates } },
    }),
    // CreateFleet has no such key, and cannot do without a launch template: the statement above names ours only.
    new PolicyStatement({ sid: 'FleetInto', actions: ['ec2:CreateFleet'], resources: into }),
    new PolicyStatement({
      sid: 'TagOnCreate',
      actions: ['ec2:CreateTags'],
      resources: [
        ...inRegions('instance/*'),
        ...inRegions('volume/*'),
        ...inRegions('fleet/*'),
        ...inRegions('spot-instances-request/*'),
      ],
      conditions: { StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateFleet'] } },
    }),
    new PolicyStatement({
      sid: 'RetagOwnInstances',
      actions: ['ec2:CreateTags'],
      resources: inRegions('instance/*'),
      conditions: {
        StringEquals: hasOwnTag,
        'ForAllValues:StringEquals': {
          'aws:TagKeys': [vmTags.offer, vmTags.cores, vmTags.coreSpeed, vmTags.memoryMiB],
        },
      },
    }),
    new PolicyStatement({
      sid: 'OwnInstancesOnly',
      actions: ['ec2:TerminateInstances', 'ec2:StartInstances', 'ec2:StopInstances'],
      resources: inRegions('instance/*'),
      conditions: { StringEquals: hasOwnTag },
    }),
    new PolicyStatement({
      sid: 'Describe',
      actions: ['ec2:DescribeInstances', 'ec2:DescribeSubnets'],
      resources: ['*'],
    }),
    new PolicyStatement({
      sid: 'PassSurrogateRole',
      actions: ['iam:PassRole'],
      resources: regions.map(
        (region) => `arn:${partition}:iam::${account}:role/${names.surrogateRole(deployment, geography.id, region)}`,
      ),
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
    // An account's first fleet and first spot machine make them; EC2 refuses both without.
    new PolicyStatement({
      sid: 'ServiceLinkedRoles',
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [
        'ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet',
        'spot.amazonaws.com/AWSServiceRoleForEC2Spot',
      ].map((role) => `arn:${partition}:iam::${account}:role/aws-service-role/${role}`),
      conditions: { StringEquals: { 'iam:AWSServiceName': ['ec2fleet.amazonaws.com', 'spot.amazonaws.com'] } },
    }),
    new PolicyStatement({
      sid: 'ResolveImage',
      actions: ['ssm:GetParameters'],
      resources: regions.flatMap((region) =>
        deployment.image.architectures.map(
          (a) =>
            `arn:${partition}:ssm:${region}:${account}:parameter${names.imageParameter(deployment, geography.id, a)}`,
        ),
      ),
    }),
  ];
}
