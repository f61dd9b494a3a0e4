import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { Deployment } from '../../../ports/contracts/deployment.ts';
import { createEc2Clients } from './clients.ts';
import { listInstances } from './list.ts';
import { parseVmId } from './vm-id.ts';

/** Ends every machine of a deployment, in all data centres; to be called when no scaler is left that would replace them. */
export async function endAllMachines(
  deployment: Deployment,
  client = createEc2Clients(),
): Promise<{ region: string; ended: number }[]> {
  return Promise.all(
    deployment.geographies.flatMap((geography) =>
      geography.dataCentres.map(async ({ id }) => {
        const listed = await listInstances(client(id), id, deployment.name, geography.home);
        const InstanceIds = listed.filter((vm) => vm.state !== 'terminated').map((vm) => parseVmId(vm.vmId).instanceId);
        if (InstanceIds.length > 0) await client(id).send(new TerminateInstancesCommand({ InstanceIds }));
        return { region: id, ended: InstanceIds.length };
      }),
    ),
  );
}
