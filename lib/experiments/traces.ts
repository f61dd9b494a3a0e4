import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrace, type Trace } from '../domain/forecast/trace.ts';
import { syntheticTraces } from './synthetic-traces.ts';

const WEEK_S = 7 * 86_400;

/**
 * The real traces of at least a week, or seeded stand-ins of the same kinds when there are none; `source` says which.
 *
 * @param folder CSV files as `oaas forecast` reads them
 */
export function backtestTraces(folder: string): { source: string; traces: { name: string; trace: Trace }[] } {
  const real = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => /_\d+min\.csv$/.test(file))
        .sort()
        .map((file) => ({
          name: file.replace('.csv', ''),
          trace: parseTrace(readFileSync(join(folder, file), 'utf8')),
        }))
        .filter(({ trace }) => trace.slots.length * trace.slotS >= WEEK_S)
    : [];
  if (real.length > 0) return { source: `real traces in ${folder}`, traces: real };
  return { source: `synthetic traces (no data in ${folder})`, traces: syntheticTraces() };
}
