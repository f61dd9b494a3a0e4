import { statusResponseSchema } from '../ports/contracts/operator.ts';
import type { SystemFile } from '../ports/contracts/system-file.ts';
import { paths } from '../ports/contracts/wire.ts';

export interface RegionSummary {
  id: string;
  geography: string;
  endpoint: string;
  /** Cells: pool, promise, machines, rent per hour. */
  pools: string[][];
  /** Things to know, such as a missing sandbox. */
  notes: string[];
}

const pollMs = 200;

/** What runs where, once every region has a machine that takes work, or after `waitMs` as it is then. */
export async function firstStatus(system: SystemFile, waitMs: number): Promise<RegionSummary[]> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const summaries = await Promise.all(system.regions.map((region) => summarise(region, system.keys.admin)));
    const ready = summaries.every((s) => s.ready);
    if (ready || performance.now() > untilMs) return summaries.map((s) => s.summary);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function summarise(
  region: SystemFile['regions'][number],
  adminKey: string,
): Promise<{ ready: boolean; summary: RegionSummary }> {
  const response = await fetch(`${region.endpoint}${paths.status}`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  const { scaling } = statusResponseSchema.parse(await response.json());
  const pools = scaling.pools.map((pool) => [
    `${pool.groupId}/${pool.sla.id}`,
    `${pool.sla.indicator} <= ${pool.sla.targetMs} ms`,
    `${pool.vms.ready} ready, ${pool.vms.starting} starting${pool.vms.stopped > 0 ? `, ${pool.vms.stopped} stopped` : ''}`,
    pool.rentUsdPerHour.toFixed(4),
  ]);
  const plain = scaling.vms.some((vm) => vm.isolation === 'process');
  return {
    ready: scaling.pools.some((pool) => pool.vms.ready > 0),
    summary: {
      id: region.id,
      geography: region.geography,
      endpoint: region.endpoint,
      pools: pools.length > 0 ? pools : [['none yet', '', '', '']],
      notes: plain ? ['Tasks run in plain processes: bubblewrap is not available here (npx oaas start --help).'] : [],
    },
  };
}
