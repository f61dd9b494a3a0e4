import type { PageRegion } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';
import { historyOf, isActive, type Model } from '../model.ts';
import type { ChosenSlot } from './app.tsx';
import { Figure } from './figure.tsx';
import { PoolCard } from './pool-card.tsx';

export function RegionSection(props: { region: PageRegion; model: Model; onSlot: (slot: ChosenSlot) => void }) {
  const { region, model, onSlot } = props;
  const active = region.pools.filter(isActive);
  const idle = region.pools.filter((pool) => !isActive(pool));
  const { remote, local, refused } = region.placements;
  const name = region.geography.replaceAll('-', ' ');
  return (
    <section class="region" aria-labelledby={`region-${region.id}`}>
      <header>
        <h2 id={`region-${region.id}`}>
          {name} <small>{region.id}</small>
        </h2>
        <p>
          <Figure name={`${region.id}:rent`} value={region.rentUsdPerHour}>
            {show.usd(region.rentUsdPerHour)}
          </Figure>{' '}
          per hour · {show.plural(remote, 'ticket')} issued · {local} sent back to the device · {refused} refused ·
          prices {region.priceAgeHours === null ? 'from a fixed table' : `${Math.round(region.priceAgeHours)} h old`}
        </p>
      </header>
      <div class="pools">
        {active.map((pool) => (
          <PoolCard
            key={pool.poolId}
            pool={pool}
            vms={region.vms.filter((vm) => vm.poolId === pool.poolId)}
            history={historyOf(model, pool.poolId)}
            nowMs={region.atMs}
            slotMs={region.slotMs}
            onSlot={(slotStartMs) => onSlot({ poolId: pool.poolId, slotStartMs })}
          />
        ))}
      </div>
      {idle.length > 0 && (
        <p class="idle">
          No machines, no requests:{' '}
          {idle
            .map((pool) => `${pool.groupId}/${pool.sla.id} (${pool.sla.indicator} ≤ ${show.ms(pool.sla.targetMs)} ms)`)
            .join(', ')}
        </p>
      )}
    </section>
  );
}
