import type { PagePool, PageVm } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';
import { Figure } from './figure.tsx';

const glyph: Record<string, string> = { starting: '…', draining: '↓', unhealthy: '!', stopped: 'z' };
/** A machine that has said nothing for so long is marked; it reports every two seconds. */
const silentS = 8;

/** Each machine a cell that fills with its tasks, grouped by what was rented. */
export function Machines({ pool, vms }: { pool: PagePool; vms: PageVm[] }) {
  const groups = new Map<string, PageVm[]>();
  for (const vm of vms) {
    const key = `${vm.type} in ${vm.dataCentre}${vm.spot ? ' (spot)' : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), vm]);
  }
  const { ready, starting, draining, unhealthy, stopped } = pool.vms;
  const running = vms.filter((vm) => vm.state !== 'stopped').length;
  const counts = [
    `${ready} ready`,
    starting > 0 ? `${starting} starting` : '',
    draining > 0 ? `${draining} draining` : '',
    unhealthy > 0 ? `${unhealthy} silent` : '',
    stopped > 0 ? `${stopped} stopped` : '',
  ].filter((text) => text !== '');
  return (
    <div class="machines">
      <p class="machines-head">
        <strong>
          <Figure name={`${pool.poolId}:machines`} value={running}>
            {show.plural(running, 'machine')}
          </Figure>
        </strong>{' '}
        <span>{counts.join(', ')}</span>{' '}
        <span>
          <Figure name={`${pool.poolId}:rent`} value={pool.rentUsdPerHour}>
            {show.usd(pool.rentUsdPerHour)}
          </Figure>
          /h
        </span>
      </p>
      {[...groups].sort().map(([name, own]) => (
        <div class="offer" key={name}>
          <p>
            {own.length} × {name} <span class="dim">{show.plural(own[0]!.cores, 'core')}</span>
          </p>
          <ul class="cells" aria-label={name}>
            {own.map((vm) => (
              <Cell key={vm.id} vm={vm} />
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function Cell({ vm }: { vm: PageVm }) {
  const silent = vm.state === 'ready' && vm.silentS !== null && vm.silentS > silentS;
  const state = silent ? 'unhealthy' : vm.state;
  const running = vm.running ?? 0;
  const waiting = vm.waiting ?? 0;
  const level = Math.min(1, running / Math.max(1, vm.sharingLimit));
  const text = `${vm.id}: ${silent ? `silent for ${show.seconds(vm.silentS ?? 0)}` : vm.state}, ${running} of ${vm.sharingLimit} places busy, ${waiting} waiting, ${show.plural(vm.cores, 'core')}, ${show.seconds(vm.ageS)} old`;
  return (
    <li class={`cell ${state} ${waiting > 0 ? 'queued' : ''}`} title={text} data-vm={vm.id} data-state={vm.state}>
      <span class="level" style={{ height: `${Math.round(100 * level)}%` }} />
      <span class="count" aria-hidden="true">
        {glyph[state] ?? (running + waiting > 0 ? running + waiting : '')}
      </span>
      <span class="hidden">{text}</span>
    </li>
  );
}
