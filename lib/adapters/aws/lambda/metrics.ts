import { MetricUnit, Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import { metricNamespace } from '../../../ports/contracts/metrics.ts';
import type { Metrics } from '../../../ports/metrics.ts';

/** EMF lines by Powertools: CloudWatch makes metrics of the log itself, no call per figure. */
export function createLambdaMetrics(powertools = new Powertools({ namespace: metricNamespace })): Metrics {
  return {
    put(values, dimensions) {
      powertools.addDimensions({ ...dimensions });
      for (const [name, value] of Object.entries(values)) {
        if (value !== undefined && Number.isFinite(value)) powertools.addMetric(name, MetricUnit.NoUnit, value);
      }
      powertools.publishStoredMetrics();
    },
  };
}
