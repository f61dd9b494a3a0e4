import type { PagePool, PageVm } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';
import { type PoolHistory, type Standing, standingOf } from '../model.ts';
import { Charts } from './charts.tsx';
import { Figure } from './figure.tsx';
import { Machines } from './machines.tsx';
import { Plans } from './plans.tsx';
import { ResponseBar } from './response-bar.tsx';
import { Scroll } from './scroll.tsx';
import { SlotStrip } from './slot-strip.tsx';

const badge: Record<Standing, string> = { kept: '✓ promise kept', missed: '✗ promise missed', idle: 'no requests' };

export function PoolCard(props: {
  pool: PagePool;
  vms: PageVm[];
  history: PoolHistory;
  nowMs: number;
  slotMs: number;
  onSlot: (slotStartMs: number) => void;
}) {
  const { pool, vms, history, nowMs, slotMs, onSlot } = props;
  const { standing, measuredMs } = standingOf(pool);
  return (
    <article class="card pool" aria-labelledby={`pool-${pool.poolId}`} data-pool={pool.poolId}>
      <header>
        <h3 id={`pool-${pool.poolId}`}>
          {pool.groupId} <span class="slash">/</span> {pool.sla.id}
        </h3>
        <p class="promise">
          {pool.sla.indicator === 'mean' ? 'mean' : pool.sla.indicator} response ≤ {show.ms(pool.sla.targetMs)} ms, by{' '}
          {show.dispatchName[pool.dispatch.mode === 'session' ? 'session' : pool.dispatch.policy] ??
            pool.dispatch.policy}
        </p>
        <p class={`badge ${standing}`}>{badge[standing]}</p>
      </header>
      <div class="now">
        <div>
          <ResponseBar pool={pool} measuredMs={measuredMs} />
          <Numbers pool={pool} />
        </div>
        <Machines pool={pool} vms={vms} />
      </div>
      {isBusy(history) && <Charts pool={pool} history={history} nowMs={nowMs} slotMs={slotMs} onSlot={onSlot} />}
      <SlotStrip slots={history.slots} onSlot={onSlot} />
      <Plans plans={pool.plans} onSlot={onSlot} />
    </article>
  );
}

/** Whether anything was asked for as far back as the charts go: flat lines at zero say nothing. */
const isBusy = ({ slots, live }: PoolHistory): boolean =>
  slots.some((slot) => slot.arrivalRatePerS > 0.02) || live.some((moment) => moment.arrivalRatePerS > 0);

function Numbers({ pool }: { pool: PagePool }) {
  const name = (figure: string) => `${pool.poolId}:${figure}`;
  return (
    <Scroll label="Figures of the pool">
      <table class="numbers">
        <thead>
          <tr>
            <td />
            <th scope="col">planned</th>
            <th scope="col">last slot</th>
            <th scope="col">now</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">mean, ms</th>
            <td>
              <Figure name={name('predictedMean')} value={pool.predictedMeanMs}>
                {show.ms(pool.predictedMeanMs)}
              </Figure>
            </td>
            <td>
              <Figure name={name('measuredMean')} value={pool.measuredMeanMs}>
                {show.ms(pool.measuredMeanMs)}
              </Figure>
            </td>
            <td>{show.ms(pool.live?.meanMs)}</td>
          </tr>
          <tr>
            <th scope="row">95th percentile, ms</th>
            <td>
              <Figure name={name('predictedP95')} value={pool.predictedP95Ms}>
                {show.ms(pool.predictedP95Ms)}
              </Figure>
            </td>
            <td>
              <Figure name={name('measuredP95')} value={pool.measuredP95Ms}>
                {show.ms(pool.measuredP95Ms)}
              </Figure>
            </td>
            <td>{show.ms(pool.live?.p95Ms)}</td>
          </tr>
          <tr>
            <th scope="row">requests per second</th>
            <td>
              <Figure name={name('forecast')} value={pool.forecastRatePerS}>
                {show.rate(pool.forecastRatePerS)}
              </Figure>
            </td>
            <td>
              <Figure name={name('arrivals')} value={pool.arrivalRatePerS}>
                {show.rate(pool.arrivalRatePerS)}
              </Figure>
            </td>
            <td>{show.rate(pool.live?.arrivalRatePerS)}</td>
          </tr>
          <tr>
            <th scope="row">refused</th>
            <td>0</td>
            <td>
              <Figure name={name('refused')} value={pool.refused}>
                {pool.refused}
              </Figure>
            </td>
            <td>{pool.live === null ? show.noValue : `${show.rate(pool.live.refusedPerS)}/s`}</td>
          </tr>
        </tbody>
      </table>
    </Scroll>
  );
}
