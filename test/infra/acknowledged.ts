/** Findings of cdk-nag's AwsSolutions pack that stand, each with the reason why. One that no longer occurs fails the test. */
export interface Acknowledgement {
  /** The rule with its finding; `*` stands for anything. */
  finding: string;
  /** The construct's path; `*` stands for anything. */
  at: string;
  reason: string;
}

export const acknowledged: readonly Acknowledgement[] = [
  {
    finding: 'AwsSolutions-S1',
    at: '*/Storage/Bundles/Resource',
    reason:
      'Objects are content-addressed and public to the tenant; who registered what is in the access log of the endpoint.',
  },
  {
    finding: 'AwsSolutions-IAM5[Resource::*]',
    at: '*/Functions/*/Role/DefaultPolicy/Resource',
    reason: 'X-Ray, the Pricing API and EC2 Describe calls know no resource-level permissions.',
  },
  {
    finding: 'AwsSolutions-IAM5[Resource::*:s3:::*/bundles/*]',
    at: '*',
    reason: 'Bundles are named by the digest of their content; the prefix is the narrowest grant there is.',
  },
  {
    finding: 'AwsSolutions-IAM5[Resource::*:s3:::*/uploads/*]',
    at: '*/Admin/Role/DefaultPolicy/Resource',
    reason: 'Uploads have random names under a prefix of their own, which expires after a day.',
  },
  {
    finding: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:*/*]',
    at: '*/Scaler/Role/DefaultPolicy/Resource',
    reason:
      'Machines get their ids at launch: conditions on our tags and launch templates bound the statement instead.',
  },
  {
    finding: 'AwsSolutions-IAM5[Resource::<*.Arn>:*]',
    at: '*/SchedulerRoleForTarget-*',
    reason: 'Versions and aliases of the one function that this schedule starts.',
  },
  {
    finding: 'AwsSolutions-APIG4',
    at: '*/Endpoint/*',
    reason:
      'Ping, region list, public ticket keys and the OpenAPI document are public; every other route has an authorizer (asserted).',
  },
  {
    finding: 'AwsSolutions-SQS3',
    at: '*/Schedule/DeadLetters/Resource',
    reason: 'It is itself the dead-letter queue of the schedules.',
  },
  {
    finding: 'AwsSolutions-VPC7',
    at: '*/Network/Vpc/Resource',
    reason:
      'Flow logs of public task traffic cost more than an idle region; the agent logs each connection that it refuses.',
  },
  {
    finding: 'AwsSolutions-EC23',
    at: '*/Network/SecurityGroup/Resource',
    reason:
      'Devices are anywhere; one port, where the agent checks a signed ticket before it reads a byte of the body.',
  },
  {
    finding: 'AwsSolutions-IAM4[Policy::*]',
    at: '*/BuilderRole/Resource',
    reason: 'The two policies that AWS publishes for machines of Image Builder; they last for a build.',
  },
  {
    finding: 'AwsSolutions-IAM5[*]',
    at: '*/BuilderRole/DefaultPolicy/Resource',
    reason: 'Reads of the one asset bucket of the bootstrap stack that holds the agent.',
  },
];
