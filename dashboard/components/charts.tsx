import uPlot from 'uplot';
import type { PagePool, SlotPoint } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';
import { moments, type PoolHistory, slotsShown } from '../model.ts';
import { Chart, type Line } from './chart.tsx';

/** The charts look back over fewer slots while there are fewer, but some, so that a line is a line. */
const leastSlotsShown = 8;

const measured = { colour: '--measured', width: 2 } as const;
const planned: Pick<Line, 'colour' | 'width' | 'dash' | 'stepped'> = {
  colour: '--planned',
  width: 2,
  dash: [6, 4],
  stepped: true,
};

const responseLines: Line[] = [
  { label: 'promise', colour: '--promise', width: 2.5, stepped: true },
  { label: 'predicted mean', ...planned },
  { label: 'measured mean', ...measured },
  { label: 'measured p95', colour: '--measured', width: 1.25, dash: [1.5, 3] },
];
const arrivalLines: Line[] = [
  { label: 'planned for', ...planned },
  { label: 'forecast mean', colour: '--planned', width: 1.25, dash: [1.5, 3], stepped: true },
  { label: 'arrivals', ...measured, fill: '--measured-soft' },
];
const rentLines: Line[] = [
  { label: 'paper’s algorithm', colour: '--promise', width: 1.75, dash: [8, 3, 2, 3], stepped: true },
  { label: 'rent', ...measured, fill: '--measured-soft', stepped: true },
  { label: 'fluid bound', colour: '--planned', width: 1.25, dash: [1.5, 3], stepped: true },
];

export function Charts(props: {
  pool: PagePool;
  history: PoolHistory;
  nowMs: number;
  slotMs: number;
  onSlot: (slotStartMs: number) => void;
}) {
  const { pool, history, nowMs, slotMs, onSlot } = props;
  const regular = history.slots.filter((slot) => slot.kind === 'slot');
  const firstMs = Math.min(regular[0]?.slotStartMs ?? nowMs, history.live[0]?.atMs ?? nowMs) - slotMs;
  const slotsBack = Math.min(slotsShown, Math.max(leastSlotsShown, (nowMs - firstMs) / slotMs));
  const [fromMs, toMs] = [nowMs - slotsBack * slotMs, nowMs + slotMs];
  const seen = moments(history).filter((moment) => moment.atMs >= fromMs - slotMs);
  const plans = regular.filter((slot) => slot.slotStartMs >= fromMs - slotMs);
  const seenS = seen.map((moment) => moment.atMs / 1000);
  const plan = (value: (slot: SlotPoint) => number | null) => lastingTo(plans.map(value));
  const planS = [...plans.map((slot) => slot.slotStartMs / 1000), ...(plans.length > 0 ? [toMs / 1000] : [])];
  const pick = (atMs: number) => {
    const nearest = [...history.slots].reverse().find((slot) => slot.slotStartMs <= atMs) ?? history.slots[0];
    if (nearest !== undefined) onSlot(nearest.slotStartMs);
  };
  const common = { fromS: fromMs / 1000, toS: toMs / 1000, onPick: pick };
  return (
    <div class="charts">
      <Chart
        {...common}
        title="Response"
        unit="ms"
        lines={responseLines}
        digits={show.ms}
        summary={`mean ${show.ms(pool.live?.meanMs ?? pool.measuredMeanMs)} ms, 95th percentile ${show.ms(pool.live?.p95Ms ?? pool.measuredP95Ms)} ms, predicted ${show.ms(pool.predictedMs)} ms, promised ${show.ms(pool.sla.targetMs)} ms`}
        data={uPlot.join([
          [planS, plan((slot) => slot.targetMs), plan((slot) => slot.predictedMeanMs)],
          [seenS, seen.map((m) => m.meanMs), seen.map((m) => m.p95Ms)],
        ])}
      />
      <Chart
        {...common}
        title="Arrivals"
        unit="requests per second"
        lines={arrivalLines}
        digits={show.rate}
        summary={`${show.rate(pool.live?.arrivalRatePerS)} per second now, ${show.rate(pool.forecastRatePerS)} planned for`}
        data={uPlot.join([
          [planS, plan((slot) => slot.forecastPerS), plan((slot) => slot.forecastMeanPerS)],
          [seenS, seen.map((m) => m.arrivalRatePerS)],
        ])}
      />
      <Chart
        {...common}
        title="Rent"
        unit="USD per hour"
        lines={rentLines}
        digits={(value) => `$${value.toFixed(value >= 10 ? 0 : value >= 0.1 ? 2 : 3)}`}
        summary={`${show.usd(pool.rentUsdPerHour)} per hour, fluid bound ${show.usd(pool.fluidUsdPerHour)}, paper's algorithm ${show.usd(pool.paperUsdPerHour)}`}
        data={uPlot.join([
          [planS, plan((slot) => slot.paperUsdPerHour)],
          [seenS, seen.map((m) => m.usdPerHour)],
          [planS, plan((slot) => slot.fluidUsdPerHour)],
        ])}
      />
    </div>
  );
}

/** The last plan holds until the right edge. */
const lastingTo = (values: (number | null)[]): (number | null)[] =>
  values.length === 0 ? values : [...values, values.at(-1) ?? null];
