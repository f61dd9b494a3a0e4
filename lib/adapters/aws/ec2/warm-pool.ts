import { type EC2Client, StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import type { StartOutcome, WarmPool } from '../../../ports/compute-provider.ts';
import { withinBudget } from '../within-budget.ts';
import { readEc2Error } from './errors.ts';
import { groupByRegion } from './vm-id.ts';

/** Stopped on-demand machines of EC2: they keep their disk, lose their public address, and start in seconds where there is capacity. */
export function createEc2WarmPool(client: (region: string) => EC2Client, budgetMs: number): WarmPool {
  async function startIn(region: string, InstanceIds: string[]): Promise<StartOutcome & { ids: string[] }> {
    try {
      const answer = await withinBudget(budgetMs, `start in ${region}`, (abortSignal) =>
        client(region).send(new StartInstancesCommand({ InstanceIds }), { abortSignal }),
      );
      const ids = (answer.StartingInstances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []);
      return { ids, started: [], failure: ids.length < InstanceIds.length ? 'unknown' : null, detail: null };
    } catch (error) {
      const { failure, detail } = readEc2Error(error);
      // EC2 starts all or none of a call: with too little capacity, or one that cannot be started, the others may still do.
      const divisible = InstanceIds.length > 1 && (failure === 'no-capacity' || failure === 'unknown');
      if (!divisible) return { ids: [], started: [], failure, detail };
      const half = Math.ceil(InstanceIds.length / 2);
      const first = await startIn(region, InstanceIds.slice(0, half));
      const second = await startIn(region, InstanceIds.slice(half));
      return {
        ids: [...first.ids, ...second.ids],
        started: [],
        failure: first.failure ?? second.failure,
        detail: first.detail ?? second.detail,
      };
    }
  }

  return {
    async start(vmIds) {
      const regions = [...groupByRegion(vmIds)];
      const outcomes = await Promise.all(
        regions.map(async ([region, ids]) => ({ region, ...(await startIn(region, ids)) })),
      );
      const failed = outcomes.find((outcome) => outcome.failure !== null);
      return {
        started: outcomes.flatMap(({ region, ids }) => ids.map((id) => `${id}-${region}`)),
        failure: failed?.failure ?? null,
        detail: failed?.detail ?? null,
      };
    },
    async stop(vmIds) {
      await Promise.all(
        [...groupByRegion(vmIds)].map(([region, InstanceIds]) =>
          withinBudget(budgetMs, `stop in ${region}`, (abortSignal) =>
            client(region).send(new StopInstancesCommand({ InstanceIds }), { abortSignal }),
          ),
        ),
      );
    },
  };
}
