import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { DataCentreProps } from '../data-centre-stack.ts';
import { names } from '../names.ts';
import type { SurrogateNetwork } from './surrogate-network.ts';
import type { SurrogateRole } from './surrogate-role.ts';

/** Value of the image parameter until the image pipeline has run once: a launch says what is missing instead of renting an empty machine. */
const imageNotBuilt = 'not-built-yet';

export interface SurrogateTemplateProps extends DataCentreProps {
  architecture: 'x86_64' | 'arm64';
  network: SurrogateNetwork;
  role: SurrogateRole;
}

/** The launch template of one architecture; what differs from VM to VM travels as tags, which the agent reads from the metadata service. */
export class SurrogateTemplate extends Construct {
  readonly template: ec2.LaunchTemplate;

  constructor(scope: Construct, id: string, props: SurrogateTemplateProps) {
    super(scope, id);
    const { deployment, geography, architecture } = props;
    const image = new StringParameter(this, 'Image', {
      parameterName: names.imageParameter(deployment, geography.id, architecture),
      // Never changes here, so that no deployment overwrites what the pipeline has written.
      stringValue: imageNotBuilt,
      description: 'Surrogate image; the image pipeline writes it with each build',
    });
    image.applyRemovalPolicy(RemovalPolicy.DESTROY);
    this.template = new ec2.LaunchTemplate(this, 'Template', {
      launchTemplateName: names.launchTemplate(deployment, geography.id, architecture),
      machineImage: ec2.MachineImage.resolveSsmParameterAtLaunch(image.parameterName),
      instanceProfile: props.role.instanceProfile,
      securityGroup: props.network.securityGroup,
      // Public addresses come from the subnets: a network interface here would forbid RunInstances to name the subnet.
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      instanceMetadataTags: true,
      ebsOptimized: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: ec2.BlockDeviceVolume.ebs(8, {
            encrypted: true,
            volumeType: ec2.EbsDeviceVolumeType.GP3,
            deleteOnTermination: true,
          }),
        },
      ],
    });
  }
}
