/** A running system that experiments measure live, and what its runs are recorded with. */
import type { ExperimentContext, Table } from './experiment.ts';
import type { RoutingTarget } from './iot-figure-4b.ts';
import { recordedHead } from './machine.ts';

/** A kind of machine that the system rents. */
export interface LabType {
  id: string;
  cores: number;
  /** Relative to a core of this machine. */
  coreSpeed: number;
}

/** Per-hop times of one request, ms: T1 device to front-end, T2 front-end to surrogate, Tcloud on it, queue before it. */
export interface HopTimes {
  t1Ms: number;
  t2Ms: number;
  cloudMs: number;
  queueMs: number;
  totalMs: number;
}

export interface LabTarget extends RoutingTarget {
  /** One request through the front-end, sent again while the system is full. */
  run(task: { appId: string; method: string; args: readonly unknown[] }): Promise<HopTimes>;
}

export type OpenLab = (type?: LabType) => Promise<LabTarget>;

/** The task pool of the IoT paper in small sizes. */
export const labTasks = [
  { appId: 'chess', method: 'bestMove', args: ['rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1', 3] },
  { appId: 'nqueens', method: 'count', args: [10] },
  { appId: 'sorts', method: 'bubble', args: [{ count: 2_000, seed: 7 }] },
  { appId: 'fibonacci', method: 'recursive', args: [26] },
  { appId: 'hanoi', method: 'count', args: [16] },
  { appId: 'montyhall', method: 'play', args: [100_000, 7] },
] as const;

/** A run of requests takes fewer of them when time is short: `full` at speed 1, by the square root beyond. */
export const scaled = (full: number, { quick, speed }: ExperimentContext, least: number): number =>
  quick ? least : Math.max(least, Math.round(full / Math.sqrt(Math.max(1, speed))));

/** A table of a live run, which says when and where it was. */
export function recorded(
  name: string,
  experiment: string,
  context: ExperimentContext,
  table: Omit<Table, 'name' | 'head'>,
): Table {
  const command = `npx oaas experiment run ${experiment} --speed ${context.speed}${context.quick ? ' --quick' : ''}`;
  return { name: `recorded-${name}`, head: recordedHead(command, new Date()), ...table };
}

export const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
