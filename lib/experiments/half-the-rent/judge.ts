import type { Claim, Figure } from '../experiment.ts';
import { lineChart, type Series } from '../svg.ts';
import { type Contestant, contestants } from './contestants.ts';
import type { Score } from './score.ts';

/** One setting of one contestant on one trace. */
export interface Point {
  contestant: Contestant;
  knob: number;
  score: Score;
}

/**
 * Curve against curve on one trace, twice: with everything that is known to nobody before the window, on both sides, and without. A
 * rival's setting is beaten when some setting of ours keeps at least as many slots and costs less, control plane included.
 */
export function claimsOf(trace: string, points: readonly Point[]): Claim[] {
  const ours = points.filter((p) => p.contestant.kind === 'ours');
  const rivals = points.filter((p) => p.contestant.kind === 'baseline');
  const past = (p: Point) => p.contestant.hindsight === undefined;
  const statics = rivals.filter((p) => p.contestant.name.startsWith('static peak in hindsight'));
  const all = verdict(ours, rivals);
  const blind = verdict(ours.filter(past), rivals.filter(past));
  return [
    {
      claim: `${trace}: at every setting of every baseline, a static peak sized in hindsight included, OaaS costs less, control plane included, at the same or better attainment`,
      ours: [all.text, ...statics.map((s) => `${shown(s)}: ${answered(ours, s)}`)].join('; '),
      holds: all.holds,
    },
    {
      claim: `${trace}: the same without hindsight on either side`,
      ours: blind.text,
      holds: blind.holds,
    },
  ];
}

function verdict(ours: readonly Point[], rivals: readonly Point[]): { text: string; holds: boolean } {
  const unbeaten = rivals.filter((rival) => !isBeaten(ours, rival));
  const most = ours.reduce((best, p) => Math.max(best, p.score.slotsWithin), 0);
  const top = cheapest(ours, most)!;
  return {
    text:
      `${rivals.length - unbeaten.length} of ${rivals.length} settings beaten; ours reaches ${percent(most)} of slots at ${times(top)}` +
      (unbeaten.length > 0 ? `; not beaten: ${unbeaten.slice(0, 3).map(shown).join(', ')}` : ''),
    holds: unbeaten.length === 0,
  };
}

/** The cheapest of some settings that keep at least a share of the slots. */
function cheapest(points: readonly Point[], attainment: number): Point | undefined {
  return points
    .filter((p) => p.score.slotsWithin >= attainment)
    .sort((a, b) => a.score.costOverBound - b.score.costOverBound)[0];
}

function isBeaten(ours: readonly Point[], rival: Point): boolean {
  const best = cheapest(ours, rival.score.slotsWithin);
  return best !== undefined && best.score.costOverBound < rival.score.costOverBound;
}

function answered(ours: readonly Point[], rival: Point): string {
  const best = cheapest(ours, rival.score.slotsWithin);
  if (best === undefined) return 'no setting of ours keeps as many slots';
  return `${isBeaten(ours, rival) ? 'beaten by' : 'not beaten, dearer is'} ${shown(best)}`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const times = (p: Point) => `${p.score.costOverBound.toFixed(2)} x`;
const shown = (p: Point) =>
  `${p.contestant.name}${p.contestant.sweep.length > 1 ? ` at ${p.knob}` : ''} (${times(p)}, ${percent(p.score.slotsWithin)})`;

/** Both static peaks of one dispatch are one series; what lies between ours and the rivals is in the table only. */
const seriesOf = ({ name, kind }: Contestant): string | null => {
  if (kind === 'between' || name === 'OaaS snapshot') return null;
  return name.replace(/^static peak (in hindsight|of the history)/, 'static peaks');
};

/** The costs of good and of hopeless settings lie a factor of a hundred apart: hence the logarithmic axis. */
export function curveOf(trace: string, points: readonly Point[]): Figure {
  const names = [...new Set(contestants.map(seriesOf).filter((name) => name !== null))];
  const series = names.map(
    (name): Series => ({
      name,
      style: 'markers',
      points: points
        .filter((p) => seriesOf(p.contestant) === name)
        .map((p) => ({ x: 100 * p.score.slotsWithin, y: p.score.costOverBound }))
        .sort((a, b) => a.x - b.x),
    }),
  );
  const most = series.flatMap((s) => s.points).reduce((top, p) => Math.max(top, p.y), 2);
  return {
    name: `curve-${trace}`,
    caption: `${trace}: cost (rent and control plane) against attainment; right and low is good`,
    svg: lineChart({
      title: `Cost against attainment, ${trace}`,
      xLabel: 'slots within the target, %',
      yLabel: 'rent and control plane / fluid bound',
      xRange: [60, 100],
      yRange: [1, 1.1 * most],
      logY: true,
      series,
    }),
  };
}
