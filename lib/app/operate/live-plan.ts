import type { LivePlan } from '../../ports/contracts/operator.ts';
import { planPool } from '../scaler/apply.ts';
import type { ScalerDeps } from '../scaler/deps.ts';
import { readForecaster, readPoolMemory, readRegionMemory } from '../scaler/memory.ts';
import { observe } from '../scaler/observe.ts';
import { poolsOf } from '../scaler/pools.ts';
import { planOf } from '../scaler/record.ts';
import { readFleet, requestedPools } from '../scaler/scale-region.ts';

/** What the scaler would do if its slot came now: the same steps without lease, and without any effect. */
export async function livePlan(deps: ScalerDeps): Promise<LivePlan> {
  const nowMs = deps.clock.nowMs();
  const { slotMs } = deps.options;
  const memory = await readRegionMemory(deps.state, deps.region);
  const view = await readFleet(deps, nowMs, memory.boots);
  const run = { deps, nowMs, memory, unknown: new Set<string>(), ...view };
  const pools: LivePlan['pools'] = [];
  for (const pool of poolsOf(deps.region, view.config, await requestedPools(run)).values()) {
    const poolMemory = await readPoolMemory(deps.state, pool.poolId, nowMs - slotMs);
    const observation = await observe(run, pool, poolMemory, 'slot');
    const forecaster = await readForecaster(deps.state, pool.poolId, slotMs / 1000);
    const quantile = pool.sla.forecastQuantile;
    const expected = forecaster ? deps.forecasting.forecast(forecaster, [quantile]) : null;
    const perS = 1000 / slotMs;
    const seen = observation.window.arrivalRatePerS;
    const forecast = {
      slotStartMs: expected?.slotStartMs ?? nowMs,
      meanRatePerS: expected ? expected.mean * perS : seen,
      quantile,
      quantileRatePerS: expected ? Math.max(0, expected.quantiles[0] ?? expected.mean) * perS : seen,
    };
    const { plan } = await planPool(run, pool, {
      demandS: observation.demandS,
      arrivalRatePerS: forecast.quantileRatePerS,
      measuredMs: observation.window.meanResponseMs,
      present: observation.running + observation.waiting,
      replacing: poolMemory.replacing ?? { vms: run.fleet.serving(pool.poolId).length },
    });
    pools.push({
      poolId: pool.poolId,
      arrivalRatePerS: seen,
      forecast,
      demandS: observation.demandS,
      plan: planOf(pool, plan),
    });
  }
  return { region: deps.region, atMs: nowMs, pools };
}
