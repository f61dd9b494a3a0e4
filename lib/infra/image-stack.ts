import { createHash } from 'node:crypto';
import { Fn, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { InstanceProfile, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as imagebuilder from 'aws-cdk-lib/aws-imagebuilder';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { Deployment } from '../ports/contracts/deployment.ts';
import { vmTags } from '../ports/contracts/vm-tags.ts';
import { type ComponentDocument, componentDocumentSchema } from './constructs/component-document.ts';
import { type Architecture, artComponent, runtimeComponent } from './constructs/image-components.ts';
import { names } from './names.ts';

export interface ImageStackProps extends StackProps {
  deployment: Deployment;
  /** Folder with agent.mjs, agent-env.sh and oaas-agent.service. */
  agentFolder: string;
}

/** Debian names its architectures differently; its images are published as public parameters. */
const debian: Record<Architecture, { image: string; package: string; buildOn: string[] }> = {
  x86_64: {
    image: '/aws/service/debian/release/12/latest/amd64',
    package: 'amd64',
    buildOn: ['c7a.large', 'm7a.large'],
  },
  arm64: {
    image: '/aws/service/debian/release/12/latest/arm64',
    package: 'arm64',
    buildOn: ['c7g.large', 'm7g.large'],
  },
};

/**
 * Bakes the surrogate image of each architecture monthly and distributes it to every data centre, where it writes the parameter
 * that the launch templates resolve. The first build is started by hand (docs/deploy.md); every build boots and tests its image.
 */
export class ImageStack extends Stack {
  constructor(scope: Construct, id: string, props: ImageStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const agent = new Asset(this, 'Agent', { path: props.agentFolder });
    const role = new Role(this, 'BuilderRole', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'Builds and tests surrogate images',
      managedPolicies: ['EC2InstanceProfileForImageBuilder', 'AmazonSSMManagedInstanceCore'].map((policy) =>
        ManagedPolicy.fromAwsManagedPolicyName(policy),
      ),
    });
    agent.grantRead(role);
    const files = { bucket: agent.s3BucketName, key: agent.s3ObjectKey };
    const profile = new InstanceProfile(this, 'BuilderProfile', { role });
    for (const architecture of deployment.image.architectures) {
      const infrastructure = new imagebuilder.CfnInfrastructureConfiguration(this, `Infrastructure-${architecture}`, {
        name: `${deployment.name}-${architecture}`,
        instanceProfileName: profile.instanceProfileName,
        instanceTypes: debian[architecture].buildOn,
        instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
        terminateInstanceOnFailure: true,
      });
      const documents = {
        Runtime: runtimeComponent(architecture, files),
      };
      const art =
        architecture === 'x86_64' && deployment.image.art !== null ? artComponent(deployment.image.art, files) : null;
      const components = Object.entries({ ...documents, ...(art === null ? {} : { Art: art }) }).map(
        ([name, document]) => this.component(deployment, `${name}-${architecture}`, document),
      );
      const recipe = this.recipe(deployment, architecture, components);
      new imagebuilder.CfnImagePipeline(this, `Pipeline-${architecture}`, {
        name: `${deployment.name}-${architecture}`,
        description: `Surrogate image, ${architecture}: monthly where a dependency has changed`,
        imageRecipeArn: recipe.attrArn,
        infrastructureConfigurationArn: infrastructure.attrArn,
        distributionConfigurationArn: this.distribution(deployment, architecture).attrArn,
        imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 60 },
        enhancedImageMetadataEnabled: true,
        schedule: {
          scheduleExpression: 'cron(0 3 2 * ? *)',
          pipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE',
        },
      });
    }
    Tags.of(this).add(vmTags.owner, deployment.name);
  }

  /** Components and recipes cannot change: their version follows their content. */
  private component(deployment: Deployment, name: string, document: ComponentDocument): imagebuilder.CfnComponent {
    const data = this.toJsonString(componentDocumentSchema.parse(document), 2);
    return new imagebuilder.CfnComponent(this, `Component-${name}`, {
      name: `${deployment.name}-${name.toLowerCase().replaceAll('_', '-')}`,
      platform: 'Linux',
      // Resolved: the agent's own hash is in the document then, and no token's running number.
      version: versionOf(this.resolve(document) as object),
      data,
    });
  }

  private recipe(
    deployment: Deployment,
    architecture: Architecture,
    components: readonly imagebuilder.CfnComponent[],
  ): imagebuilder.CfnImageRecipe {
    const content = { base: debian[architecture], components: components.map((component) => component.version) };
    return new imagebuilder.CfnImageRecipe(this, `Recipe-${architecture}`, {
      name: `${deployment.name}-${architecture}`,
      version: versionOf(content),
      parentImage: `ssm:${debian[architecture].image}`,
      components: components.map((component) => ({ componentArn: component.attrArn })),
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeSize: 8, volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
        },
      ],
      additionalInstanceConfiguration: {
        // Debian's image has no SSM agent, by which Image Builder runs the components; surrogates do without it.
        systemsManagerAgent: { uninstallAfterBuild: true },
        userDataOverride: Fn.base64(builderUserData(architecture)),
      },
    });
  }

  private distribution(deployment: Deployment, architecture: Architecture): imagebuilder.CfnDistributionConfiguration {
    const regions = new Map<string, string[]>();
    for (const geography of deployment.geographies) {
      for (const { id } of geography.dataCentres) regions.set(id, [...(regions.get(id) ?? []), geography.id]);
    }
    return new imagebuilder.CfnDistributionConfiguration(this, `Distribution-${architecture}`, {
      name: `${deployment.name}-${architecture}`,
      distributions: [...regions].map(([region, geographyIds]) => ({
        region,
        amiDistributionConfiguration: {
          Name: `${deployment.name}-${architecture}-{{ imagebuilder:buildDate }}`,
          AmiTags: { [vmTags.owner]: deployment.name },
        },
        ssmParameterConfigurations: geographyIds.map((geographyId) => ({
          amiAccountId: this.account,
          parameterName: names.imageParameter(deployment, geographyId, architecture),
          dataType: 'text',
        })),
      })),
    });
  }
}

/** What a builder runs first: nothing but the agent by which Image Builder speaks to it. */
export const builderUserData = (architecture: Architecture): string =>
  [
    '#!/bin/sh',
    'set -e',
    'apt-get update -qq && apt-get install -y -qq curl ca-certificates',
    `curl -fsSo /tmp/ssm.deb https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/debian_${debian[architecture].package}/amazon-ssm-agent.deb`,
    'dpkg -i /tmp/ssm.deb',
  ].join('\n');

/** A semantic version that is a function of the content. */
function versionOf(content: object): string {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest();
  return `1.${hash.readUInt16BE(0)}.${hash.readUInt16BE(2)}`;
}
