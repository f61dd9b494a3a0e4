import { Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

/** Port the agents listen on. */
const agentPort = 8443;

/**
 * Zones that every account sees in a region. The list of names differs from account to account, so subnets select from the
 * account's own at deployment, without a look-up at synthesis.
 */
const zoneCounts: Readonly<Record<string, number>> = {
  'us-east-1': 6,
  'us-west-2': 4,
  'ap-northeast-2': 4,
  'us-west-1': 2,
};
const usualZoneCount = 3;

/** Zones of a region as the account numbers them, resolved at deployment. A stack must answer these too, or the CDK looks them up. */
export const zonesOf = (region: string): string[] =>
  Array.from({ length: zoneCounts[region] ?? usualZoneCount }, (_, i) => Fn.select(i, Fn.getAzs()));

/** Public subnets over all zones, IPv4 and IPv6, no NAT: surrogates are reached by devices and call only AWS. */
export class SurrogateNetwork extends Construct {
  readonly vpc: ec2.Vpc;
  readonly securityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipProtocol: ec2.IpProtocol.DUAL_STACK,
      availabilityZones: zonesOf(Stack.of(this).region),
      natGateways: 0,
      subnetConfiguration: [
        {
          name: 'surrogates',
          subnetType: ec2.SubnetType.PUBLIC,
          mapPublicIpOnLaunch: true,
          ipv6AssignAddressOnCreation: true,
        },
      ],
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        dynamodb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
        s3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
      },
    });
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'OaaS surrogates: devices reach the agent, the agent reaches AWS and its peers',
      allowAllOutbound: true,
      allowAllIpv6Outbound: true,
    });
    // Devices are anywhere. What the agent accepts is decided by ticket, before a byte of the body is read.
    this.securityGroup.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(agentPort), 'tickets over TLS');
    this.securityGroup.addIngressRule(ec2.Peer.anyIpv6(), ec2.Port.tcp(agentPort), 'tickets over TLS');
  }
}
