import type { Trace } from '../../domain/forecast/trace.ts';
import { UniformStream } from '../../simulator/engine/rng.ts';
import type { Scenario } from '../../simulator/scenario/types.ts';
import type { Claim, ExperimentContext, ExperimentReport, Figure } from '../experiment.ts';
import { runJobs } from '../scenarios.ts';
import { lineChart } from '../svg.ts';
import { backtestTraces } from '../traces.ts';
import { CONTROL_PLANE_USD_PER_MILLION, type Contestant, contestants, jobOf } from './contestants.ts';
import { SCORE_HEADER, type Score, scoreOf, scoreRow } from './score.ts';

const MEAN_RATE_PER_S = 10;
const WINDOW_DAYS = 2;
const HISTORY_DAYS = 14;
const WINDOW_STREAM = 7002;
/** Attainments closer than this are taken for equal: a window has 288 slots. */
const TIE = 0.002;

interface Point {
  contestant: Contestant;
  knob: number;
  score: Score;
}

/** Rent against attainment on every trace: tasks of 1 s, target 2 s, two seeded days scaled to 10/s on average. */
export async function tracesPart(context: ExperimentContext): Promise<ExperimentReport & { source: string }> {
  const { source, traces } = backtestTraces(context.dataDir);
  const chosen = context.quick ? traces.slice(0, 1) : traces;
  const runs = chosen.flatMap(({ name, trace }) => {
    const base = scenarioOf(trace, context.seed);
    return contestants.flatMap((contestant) =>
      (context.quick ? contestant.usual : contestant.sweep).map((knob) => ({
        name,
        contestant,
        knob,
        job: jobOf(contestant, base, knob),
      })),
    );
  });
  const results = await runJobs(
    runs.map((r) => r.job),
    (done, all) => context.onProgress(`traces, ${done}/${all} runs`),
  );
  const points = runs.map((run, i) => ({ ...run, score: scoreOf([results[i]!]) }));
  const perTrace = chosen.map(({ name }) =>
    judge(
      name,
      points.filter((p) => p.name === name),
    ),
  );
  return {
    source,
    claims: perTrace.map((t) => t.claim),
    figures: perTrace.map((t) => t.figure),
    tables: [
      {
        name: 'traces',
        header: ['trace', 'contestant', 'knob', ...SCORE_HEADER],
        rows: points.map((p) => [p.name, p.contestant.name, p.knob, ...scoreRow(p.score)]),
      },
    ],
    notes: [],
  };
}

/** Two days from a seeded start that leaves at least half of the trace (up to 14 days) before it. */
export function scenarioOf(trace: Trace, seed: number): Scenario {
  const perDay = Math.round(86_400 / trace.slotS);
  const window = WINDOW_DAYS * perDay;
  const earliest = Math.min(HISTORY_DAYS * perDay, Math.floor((trace.slots.length - window) / 2));
  const random = new UniformStream(seed, 0, WINDOW_STREAM);
  const start = earliest + random.below(trace.slots.length - window - earliest);
  const counts = trace.slots.slice(Math.max(0, start - HISTORY_DAYS * perDay), start + window).map((s) => s.count ?? 0);
  const mean = counts.slice(-window).reduce((a, b) => a + b, 0) / window;
  const rates = counts.map((count) => ({ arrivalRatePerS: (count * MEAN_RATE_PER_S) / mean }));
  return {
    slots: rates.slice(-window),
    history: rates.slice(0, -window),
    startMs: trace.slots[start]!.slotStartMs,
    timeZone: trace.timeZone,
    slotS: trace.slotS,
    offers: [
      { id: 'A', serviceRatePerS: 1, cores: 1, sharingLimit: 16, priceUsdPerHour: 0.06, networkS: 0, max: 2000 },
    ],
    sla: { indicator: 'mean', targetS: 2 },
    bootS: 40,
    billing: 'per-second',
    controlPlaneUsdPerMillion: CONTROL_PLANE_USD_PER_MILLION,
    warmupS: 1800,
    replications: 1,
    seed,
  };
}

/** A rival's setting is beaten when some setting of ours keeps at least as many slots and costs less, control plane included. */
function judge(name: string, points: readonly Point[]): { claim: Claim; figure: Figure } {
  const ours = points.filter((p) => p.contestant.kind === 'ours');
  const rivals = points.filter((p) => p.contestant.kind === 'baseline');
  const cheapestOfOurs = (attainment: number) =>
    Math.min(
      ...ours.filter((o) => o.score.slotsWithin >= attainment - TIE).map((o) => o.score.costOverBound),
      Infinity,
    );
  const isUnbeaten = (r: Point) => cheapestOfOurs(r.score.slotsWithin) >= r.score.costOverBound;
  const unbeaten = rivals.filter(isUnbeaten);
  const oracles = points.filter((p) => p.contestant.kind === 'oracle');
  const most = Math.max(...ours.map((o) => o.score.slotsWithin));
  const shown = (p: Point) =>
    `${p.contestant.name} at ${p.knob} (${p.score.costOverBound.toFixed(2)} x, ${(100 * p.score.slotsWithin).toFixed(1)} %)`;
  return {
    claim: {
      claim: `${name}: at every setting of every rival that knows the past only, OaaS costs less, control plane included, at the same or better attainment`,
      ours:
        `${rivals.length - unbeaten.length} of ${rivals.length} settings beaten; ours reaches ${(100 * most).toFixed(1)} % of slots at ${cheapestOfOurs(most).toFixed(2)} x` +
        (unbeaten.length > 0 ? `; not beaten: ${unbeaten.slice(0, 3).map(shown).join(', ')}` : '') +
        oracles.map((o) => `; ${shown(o)}, an oracle: ${isUnbeaten(o) ? 'not beaten' : 'beaten too'}`).join(''),
      holds: unbeaten.length === 0,
    },
    figure: {
      name: `curve-${name}`,
      caption: `${name}: cost (rent and control plane) against attainment; right and low is good`,
      svg: lineChart({
        title: `Cost against attainment, ${name}`,
        xLabel: 'slots within the target, %',
        yLabel: 'rent and control plane / fluid bound',
        xRange: [60, 100],
        yRange: [1, 4],
        series: contestants
          .filter((c) => c.sweep.length > 1 && !c.name.includes('no scale-in') && c.name !== 'OaaS snapshot')
          .map((c) => ({
            name: c.name,
            style: 'markers' as const,
            points: points
              .filter((p) => p.contestant === c)
              .map((p) => ({ x: 100 * p.score.slotsWithin, y: p.score.costOverBound }))
              .sort((a, b) => a.x - b.x),
          })),
      }),
    },
  };
}
