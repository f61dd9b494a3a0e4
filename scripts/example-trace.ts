/**
 * Writes examples/trace.csv: eight days of ten-minute slots with the daily shape of mobile app use (Böhmer et al. 2011), a
 * quieter weekend and Poisson noise. Run it with `node --import tsx scripts/example-trace.ts`.
 */
import { writeFileSync } from 'node:fs';
import { bohmerDay } from '../lib/experiments/bohmer.ts';
import { UniformStream } from '../lib/simulator/engine/rng.ts';
import { poisson } from '../lib/simulator/scenario/predictor.ts';

const slotS = 600;
const peakRatePerS = 2;
const monday = Date.parse('2026-03-02T00:00:00Z');

const random = new UniformStream(1, 0, 0);
const day = bohmerDay(peakRatePerS, slotS);
const rows = Array.from({ length: 8 * day.length }, (_, i) => {
  const weekend = [5, 6].includes(Math.floor(i / day.length) % 7) ? 0.8 : 1;
  const at = new Date(monday + i * slotS * 1000).toISOString().slice(0, 16);
  return `${at}Z,${poisson(random, weekend * slotS * day[i % day.length]!)}`;
});
const head = [`# slot_seconds=${slotS}`, '# timezone=UTC', '# made by scripts/example-trace.ts', 'timestamp,count'];
writeFileSync(new URL('../examples/trace.csv', import.meta.url), `${[...head, ...rows].join('\n')}\n`);
