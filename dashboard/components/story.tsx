import * as show from '../format.ts';
import { historyOf, type Model, standingOf } from '../model.ts';
import { Figure } from './figure.tsx';

/** What OaaS does, in three steps, each with its figures of this moment. */
export function Story({ model }: { model: Model }) {
  const { regions } = model;
  const pools = regions.flatMap((region) => region.pools);
  const vms = regions.flatMap((region) => region.vms).filter((vm) => vm.state !== 'stopped');
  const sum = (values: (number | null | undefined)[]) => values.reduce<number>((total, v) => total + (v ?? 0), 0);
  const looked = pools.filter((pool) => pool.live !== null);
  const arrivals = looked.length === 0 ? null : sum(looked.map((pool) => pool.live?.arrivalRatePerS));
  const forecast = sum(pools.map((pool) => pool.forecastRatePerS));
  const ready = vms.filter((vm) => vm.state === 'ready').length;
  const running = sum(vms.map((vm) => vm.running));
  const waiting = sum(vms.map((vm) => vm.waiting));
  const measured = pools.map(standingOf).filter(({ standing }) => standing !== 'idle');
  const kept = measured.filter(({ standing }) => standing === 'kept').length;
  const rent = sum(regions.map((region) => region.rentUsdPerHour));
  // Plan against plan, for the same forecast: the rent of this moment may already answer to another load.
  const compared = pools.flatMap((pool) => {
    const last = historyOf(model, pool.poolId).slots.findLast((slot) => slot.kind === 'slot');
    // A plan that keeps no promise is cheap for no merit.
    const comparable = last !== undefined && last.paperUsdPerHour !== null && last.predictedMeanMs !== null;
    return comparable ? [last] : [];
  });
  const paper = sum(compared.map((slot) => slot.paperUsdPerHour));
  const own = sum(compared.map((slot) => slot.usdPerHour));
  const saving = paper > 0 ? 1 - own / paper : null;
  const slotS = (regions[0]?.slotMs ?? 0) / 1000;
  return (
    <ol class="story">
      <li>
        <h2>Devices ask</h2>
        <p class="big">
          <Figure name="arrivals" value={arrivals}>
            {show.rate(arrivals)}
          </Figure>
          <small> requests/s</small>
        </p>
        <p>
          Too heavy for a phone or a watch: each task asks where to run. {show.rate(forecast)}/s is planned for, until
          the next slot.
        </p>
      </li>
      <li>
        <h2>Rented machines run them</h2>
        <p class="big">
          <Figure name="machines" value={vms.length}>
            {vms.length}
          </Figure>
          <small> {vms.length === 1 ? 'machine' : 'machines'}</small>
        </p>
        <p>
          {ready} ready, {show.plural(running, 'task')} running, {waiting} waiting.{' '}
          {measured.length === 0
            ? 'Nothing to measure yet.'
            : `${kept} of ${show.plural(measured.length, 'busy pool')} within ${measured.length === 1 ? 'its' : 'their'} promised response time.`}
        </p>
      </li>
      <li>
        <h2>The scaler rents the least that will do</h2>
        <p class="big">
          <Figure name="rent" value={rent}>
            {show.usd(rent)}
          </Figure>
          <small> per hour</small>
        </p>
        <p>
          Planned anew every {show.seconds(slotS)}.{' '}
          {saving === null
            ? 'Once there is load, the algorithm of the OaaS paper is compared here.'
            : `The last plans of busy pools cost ${show.usd(own)}; the OaaS paper’s algorithm would rent ${show.usd(paper)}${
                saving >= 0.005 ? `. This is ${Math.round(100 * saving)} % less` : ''
              }.`}
        </p>
      </li>
    </ol>
  );
}
