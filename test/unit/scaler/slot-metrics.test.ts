import { expect, it } from 'vitest';
import { emitSlotMetrics } from '../../../lib/app/scaler/slot-metrics.ts';
import { busyStatus } from '../../support/busy-status.ts';

it('emits the figures of the live page: per pool, per type, and sums for the alarms; what is unknown is left out', () => {
  const put: { values: Record<string, number>; dimensions: Record<string, string> }[] = [];
  const metrics = {
    put: (values: object, dimensions: object) => put.push({ values: { ...values }, dimensions: { ...dimensions } }),
  };
  emitSlotMetrics(metrics, busyStatus(), 7);
  const [pool, typeA, typeB, region] = put;
  expect(pool).toMatchObject({
    dimensions: { region: 'r1', pool: 'r1.small.default' },
    values: {
      TargetMs: 500,
      ResponseMsPredicted: 420,
      ResponseMsP95Predicted: 1_200,
      ResponseMsMean: 510,
      ResponseMsP95: 1_400,
      Arrivals: 7_200,
      ArrivalsForecast: 9_000,
      RentUsdPerHour: 0.6,
      RentBoundUsdPerHour: 0.2,
      RentPaperUsdPerHour: 0.6,
      VmsReady: 3,
      VmsBooting: 1,
      VmsDraining: 1,
      VmsUnhealthy: 1,
      TasksRunning: 5,
      TasksWaiting: 2,
      Refused: 3,
      LaunchFailures: 1,
      SlotsMissed: 1,
    },
  });
  expect(typeA).toEqual({ dimensions: { region: 'r1', type: 'a' }, values: { Vms: 2 } });
  expect(typeB).toEqual({ dimensions: { region: 'r1', type: 'b' }, values: { Vms: 1 } });
  expect(region).toMatchObject({
    dimensions: { region: 'r1' },
    values: { LaunchFailures: 1, SlotsMissed: 1, ConfigFaults: 1, PriceAgeHours: 7, RentUsdPerHour: 0.6 },
  });

  put.length = 0;
  const unknown = busyStatus();
  Object.assign(unknown.pools[0]!, { measuredP95Ms: null, paperUsdPerHour: undefined });
  emitSlotMetrics(metrics, unknown, 7);
  expect(put[0]!.values).not.toHaveProperty('ResponseMsP95');
  expect(put[0]!.values).not.toHaveProperty('RentPaperUsdPerHour');
});
