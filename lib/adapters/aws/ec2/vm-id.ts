/**
 * A VM's id is its instance id and AWS region, `i-0123456789abcdef0-eu-north-1`: unique across data centres, tells where to
 * terminate it, and is a valid TLS server name.
 */
export function vmIdOf(instanceId: string, region: string): string {
  return `${instanceId}-${region}`;
}

const vmIdPattern = /^(i-[0-9a-f]{8,17})-([a-z]{2}-[a-z0-9-]+)$/;

/** @throws RangeError when it is not an EC2 VM's id */
export function parseVmId(vmId: string): { instanceId: string; region: string } {
  const match = vmIdPattern.exec(vmId);
  if (match === null) throw new RangeError(`"${vmId}" is not the id of an EC2 VM; expected i-…-<region>`);
  return { instanceId: match[1]!, region: match[2]! };
}

/** The principal that owns the VM's heartbeat row: what IAM substitutes for ec2:SourceInstanceARN. */
export function principalOf(vmId: string, accountId: string, partition = 'aws'): string {
  const { instanceId, region } = parseVmId(vmId);
  return `arn:${partition}:ec2:${region}:${accountId}:instance/${instanceId}`;
}

/** EC2's instance ids by AWS region; what is no EC2 VM's id is in none. */
export function groupByRegion(vmIds: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const vmId of vmIds) {
    if (!vmIdPattern.test(vmId)) continue;
    const { instanceId, region } = parseVmId(vmId);
    groups.set(region, [...(groups.get(region) ?? []), instanceId]);
  }
  return groups;
}
