import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { withinBudget } from '../within-budget.ts';
import { groupByRegion } from './vm-id.ts';

/** EC2 names those of a call that it does not know, and ends none of the others. */
const unknownId = 'InvalidInstanceID.NotFound';
const idPattern = /i-[0-9a-f]{8,17}/g;

/**
 * Ends machines, data centre by data centre side by side. One that EC2 does not know (any more) is as good as ended.
 *
 * @throws AggregateError over the data centres that failed, after all others were tried
 */
export async function terminateInstances(
  client: (region: string) => EC2Client,
  vmIds: readonly string[],
  budgetMs: number,
): Promise<void> {
  const inRegion = async (region: string, InstanceIds: string[]): Promise<void> => {
    if (InstanceIds.length === 0) return;
    try {
      await withinBudget(budgetMs, `terminate in ${region}`, (abortSignal) =>
        client(region).send(new TerminateInstancesCommand({ InstanceIds }), { abortSignal }),
      );
    } catch (error) {
      const { name, message } = error as Error;
      const unknown: string[] = name === unknownId ? (message.match(idPattern) ?? InstanceIds) : [];
      if (!InstanceIds.some((id) => unknown.includes(id))) throw error;
      await inRegion(
        region,
        InstanceIds.filter((id) => !unknown.includes(id)),
      );
    }
  };
  const outcomes = await Promise.allSettled([...groupByRegion(vmIds)].map(([region, ids]) => inRegion(region, ids)));
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failed.length > 0) throw new AggregateError(failed, `not ended everywhere: ${failed.map(String).join('; ')}`);
}
