import type { PageRegion } from '../../lib/ports/contracts/page.ts';

/** Hours after which prices are no longer taken for granted: the refresh runs every few hours. */
const oldPricesHours = 26;

const names: Record<string, string> = {
  infeasible: 'Promise cannot be kept',
  'launch-failed': 'Launch failed',
  'set-aside': 'No capacity',
  throttled: 'Throttled',
  'circuit-open': 'Launches stopped',
  capped: 'Cap reached',
  unhealthy: 'Machine silent',
  interrupted: 'Machine taken back',
  orphan: 'Unknown machine',
  'provider-unknown': 'Machine gone',
  'config-invalid': 'Invalid configuration',
  'held-back': 'Nothing released',
  'old-prices': 'Old prices',
};

/** What is wrong now, in words and with what follows from it. */
export function Faults({ regions }: { regions: PageRegion[] }) {
  const found = new Map<string, { kind: string; where: string; detail: string; times: number }>();
  const add = (kind: string, where: string, detail: string) => {
    const key = `${kind} ${where} ${detail}`;
    const known = found.get(key);
    if (known) known.times += 1;
    else found.set(key, { kind, where, detail, times: 1 });
  };
  for (const region of regions) {
    for (const fault of region.faults) add(fault.kind, region.geography, fault.detail);
    for (const pool of region.pools) {
      for (const fault of pool.faults)
        add(fault.kind, `${region.geography} ${pool.groupId}/${pool.sla.id}`, fault.detail);
    }
    if (region.priceAgeHours !== null && region.priceAgeHours > oldPricesHours) {
      add(
        'old-prices',
        region.geography,
        `fetched ${Math.round(region.priceAgeHours)} hours ago; the last good ones are used`,
      );
    }
  }
  if (found.size === 0) return null;
  return (
    <section class="card faults" aria-labelledby="faults">
      <h2 id="faults">
        <span aria-hidden="true">⚠ </span>
        {found.size === 1 ? 'One fault' : `${found.size} faults`}
      </h2>
      <ul>
        {[...found].map(([key, fault]) => (
          <li key={key} data-fault={fault.kind}>
            <strong>{names[fault.kind] ?? fault.kind}</strong> <span class="where">{fault.where}</span> {fault.detail}
            {fault.times > 1 && ` (${fault.times} times)`}
          </li>
        ))}
      </ul>
    </section>
  );
}
