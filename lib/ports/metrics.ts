import type { metricNames } from './contracts/metrics.ts';

type MetricName = (typeof metricNames)[keyof typeof metricNames];

/** Figures for graphs and alarms. Dimensions are bounded: the region, and where it applies the pool or the VM type. */
export interface Metrics {
  put(values: Partial<Record<MetricName, number>>, dimensions: { region: string; pool?: string; type?: string }): void;
}
