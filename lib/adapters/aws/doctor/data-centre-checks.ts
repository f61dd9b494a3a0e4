/** Checks of a data centre: is there an image, and may a machine be launched with it. */
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { vmTags } from '../../../ports/contracts/vm-tags.ts';
import { createSsmClient } from '../ssm-key-storage.ts';
import { failed, type Look, ok, type Result } from './look.ts';

export async function checkImage(look: Look, region: string): Promise<Result> {
  const { awsEndpoint } = look;
  const client = createSsmClient({ region, ...(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint }) });
  const seen: string[] = [];
  for (const architecture of look.deployment.image.architectures) {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: look.imageParameter(architecture) }));
    seen.push(`${architecture} ${Parameter?.Value}`);
  }
  const detail = seen.join(', ');
  return seen.every((text) => text.includes(' ami-'))
    ? ok(detail)
    : failed(detail, 'start the image pipelines (docs/deploy.md) and wait for them');
}

const smallType = { arm64: 'c7g.medium', x86_64: 'c7a.medium' } as const;

/** The launch that the scaler makes, as a dry run: template, image, subnet, tags and the rights of whoever runs this. */
export async function checkLaunch(look: Look, region: string): Promise<Result> {
  const [zone] = await look.zones(region);
  if (zone === undefined)
    return failed(`no subnet of ${look.deployment.name} here`, 'deploy the data-centre stack of this region');
  const templates: string[] = [];
  for (const architecture of look.deployment.image.architectures) {
    const LaunchTemplateName = look.launchTemplate(architecture);
    const refused = await dryRun(look, region, {
      LaunchTemplate: { LaunchTemplateName },
      InstanceType: smallType[architecture],
      SubnetId: zone.subnetId,
    });
    if (refused !== null) {
      return failed(
        `${LaunchTemplateName}: ${refused}`,
        'see the image check; else deploy the data-centre stack, or check the permissions of who runs this',
      );
    }
    templates.push(LaunchTemplateName);
  }
  return ok(`${templates.join(', ')} would launch`);
}

/** Null: it would have been launched. */
async function dryRun(
  { ec2, deployment }: Look,
  region: string,
  launch: Pick<ConstructorParameters<typeof RunInstancesCommand>[0], 'LaunchTemplate' | 'InstanceType' | 'SubnetId'>,
): Promise<string | null> {
  const Tags = [{ Key: vmTags.owner, Value: deployment.name }];
  try {
    await ec2(region).send(
      new RunInstancesCommand({
        ...launch,
        DryRun: true,
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({ ResourceType, Tags })),
      }),
    );
  } catch (error) {
    const { name, message } = error as Error;
    return name === 'DryRunOperation' ? null : `${name}: ${message}`;
  }
  return 'EC2 answered a dry run as if it had launched';
}
