import { DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { vmTags } from '../../../ports/contracts/vm-tags.ts';

export interface Zone {
  zone: string;
  subnetId: string;
}

/** The geography's own subnets in a data centre (another geography may rent there too), one per zone; asked once per container and region. */
export function createZones(
  client: (region: string) => EC2Client,
  owner: string,
  home: string,
): (region: string) => Promise<Zone[]> {
  const known = new Map<string, Promise<Zone[]>>();
  const ask = async (region: string): Promise<Zone[]> => {
    const answer = await client(region).send(
      new DescribeSubnetsCommand({
        Filters: [
          { Name: `tag:${vmTags.owner}`, Values: [owner] },
          { Name: `tag:${vmTags.region}`, Values: [home] },
        ],
      }),
    );
    const zones = (answer.Subnets ?? []).map((s) => ({ zone: s.AvailabilityZone ?? '', subnetId: s.SubnetId ?? '' }));
    return zones.sort((a, b) => a.zone.localeCompare(b.zone));
  };
  return (region) => {
    const asked = known.get(region) ?? ask(region);
    known.set(region, asked);
    asked.catch(() => known.delete(region));
    return asked;
  };
}
