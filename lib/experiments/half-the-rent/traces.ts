import type { Trace } from '../../domain/forecast/trace.ts';
import { UniformStream } from '../../simulator/engine/rng.ts';
import type { Scenario } from '../../simulator/scenario/types.ts';
import type { ExperimentContext, ExperimentReport } from '../experiment.ts';
import { runJobs } from '../scenarios.ts';
import { backtestTraces } from '../traces.ts';
import { CONTROL_PLANE_USD_PER_MILLION, contestants, jobOf } from './contestants.ts';
import { claimsOf, curveOf } from './judge.ts';
import { SCORE_HEADER, scoreOf, scoreRow } from './score.ts';

const MEAN_RATE_PER_S = 10;
const WINDOW_DAYS = 2;
const HISTORY_DAYS = 14;
const WINDOW_STREAM = 7002;

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
  const perTrace = chosen.map(({ name }) => ({ name, points: points.filter((p) => p.name === name) }));
  return {
    source,
    claims: perTrace.flatMap((t) => claimsOf(t.name, t.points)),
    figures: perTrace.map((t) => curveOf(t.name, t.points)),
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
function scenarioOf(trace: Trace, seed: number): Scenario {
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
