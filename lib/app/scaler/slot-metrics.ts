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
  for (const [type, vms] of byType(status)) metrics.put({ [metricNames.vms]: vms }, { region: status.region, type });
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
    [m.vmsDraining]: pool.vms.draining,
    [m.vmsUnhealthy]: pool.vms.unhealthy,
    [m.vmsStopped]: pool.vms.stopped,
    [m.tasksRunning]: pool.running,
    [m.tasksWaiting]: pool.waiting,
    [m.rentUsdPerHour]: pool.rentUsdPerHour,
    [m.refused]: pool.refused,
    [m.launchFailures]: pool.faults.filter((fault) => launchFaults.has(fault.kind)).length,
    [m.slotsMissed]: missed ? 1 : 0,
    ...known(m.responseMsPredicted, pool.predictedMs),
    ...known(m.responseMsP95Predicted, pool.predictedP95Ms),
    ...known(m.responseMsMean, pool.measuredMeanMs),
    ...known(m.responseMsP95, pool.measuredP95Ms),
    ...known(m.rentBoundUsdPerHour, pool.fluidUsdPerHour),
    ...known(m.rentPaperUsdPerHour, pool.paperUsdPerHour),
    ...(pool.arrivalRatePerS === null ? {} : { [m.arrivals]: (pool.arrivalRatePerS * slotMs) / 1000 }),
    ...(pool.forecastRatePerS === null ? {} : { [m.arrivalsForecast]: (pool.forecastRatePerS * slotMs) / 1000 }),
  };
}

function byType(status: ScalingStatus): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { offer } of status.vms) {
    const type = offer.split('@')[0] ?? offer;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** Left out where it is not known: a gap in the graph, not a zero. */
const known = (name: keyof Values, value: number | null | undefined): Values =>
  value === null || value === undefined ? {} : { [name]: value };
