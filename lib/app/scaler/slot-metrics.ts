import { metricNames, type metricNames as names } from '../../ports/contracts/metrics.ts';
import type { PoolStatus, ScalingStatus } from '../../ports/contracts/operator.ts';
import type { Metrics } from '../../ports/metrics.ts';

type Values = Partial<Record<(typeof names)[keyof typeof names], number>>;

/** Faults that mean that machines asked for did not come. */
const launchFaults = new Set(['launch-failed', 'set-aside', 'throttled', 'circuit-open']);

/** Emits a slot's figures: per pool for the graphs, sums per region for the alarms. */
export function emitSlotMetrics(metrics: Metrics, status: ScalingStatus, priceAgeHours: number): void {
  const pools = status.pools.map((pool) => ({ poolId: pool.poolId, values: poolValues(pool, status.slotMs) }));
  for (const { poolId, values } of pools) metrics.put(values, { region: status.region, pool: poolId });
  const sum = (name: keyof Values) => pools.reduce((total, { values }) => total + (values[name] ?? 0), 0);
  metrics.put(
    {
      [metricNames.launchFailures]: sum(metricNames.launchFailures),
      [metricNames.slotsMissed]: sum(metricNames.slotsMissed),
      [metricNames.configFaults]: status.faults.length,
      [metricNames.priceAgeHours]: priceAgeHours,
      [metricNames.rentUsdPerHour]: status.rentUsdPerHour,
    },
    { region: status.region },
  );
}

function poolValues(pool: PoolStatus, slotMs: number): Values {
  const m = metricNames;
  const missed =
    pool.measuredMeanMs !== null && pool.sla.indicator === 'mean' && pool.measuredMeanMs > pool.sla.targetMs;
  return {
    [m.targetMs]: pool.sla.targetMs,
    [m.vmsReady]: pool.vms.ready,
    [m.vmsBooting]: pool.vms.starting,
    [m.rentUsdPerHour]: pool.rentUsdPerHour,
    [m.refused]: pool.refused,
    [m.launchFailures]: pool.faults.filter((fault) => launchFaults.has(fault.kind)).length,
    [m.slotsMissed]: missed ? 1 : 0,
    ...(pool.predictedMs === null ? {} : { [m.responseMsPredicted]: pool.predictedMs }),
    ...(pool.measuredMeanMs === null ? {} : { [m.responseMsMean]: pool.measuredMeanMs }),
    ...(pool.arrivalRatePerS === null ? {} : { [m.arrivals]: (pool.arrivalRatePerS * slotMs) / 1000 }),
    ...(pool.forecastRatePerS === null ? {} : { [m.arrivalsForecast]: (pool.forecastRatePerS * slotMs) / 1000 }),
  };
}
