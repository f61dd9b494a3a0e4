import { expect, test } from 'vitest';
import { bohmerPart } from '../../../lib/experiments/half-the-rent/bohmer.ts';

// A tenth of the requests of the real experiment (tasks ten times longer), one replication: its bars with room for that noise.
test('half the rent on a small Böhmer day', async () => {
  const { tables } = await bohmerPart({ seed: 1, dataDir: '', quick: true, speed: 1, onProgress: () => {} });
  const { header, rows } = tables[0]!;
  const of = (name: string, column: string) => Number(rows.find((r) => r[0] === name)![header.indexOf(column)]);
  expect(of('OaaS exact', 'rentOverBound')).toBeLessThan(1.11);
  expect(of('OaaS exact', 'slotsWithin')).toBeGreaterThan(0.985);
  expect(of('OaaS session', 'rentOverBound')).toBeLessThan(1.2);
  expect(of('OaaS session', 'slotsWithin')).toBeGreaterThan(0.985);
  // Σ over the day of the closed form C = λ / (μ - 1/R) at R μ = 2 is twice the bound, and whole VMs add a little.
  expect(of('paper, oracle', 'rentOverBound')).toBeGreaterThan(2);
  expect(of('paper, oracle', 'rentOverBound')).toBeLessThan(2.08);
  // Nothing can cost less than the bound.
  for (const row of rows) expect(Number(row[header.indexOf('rentOverBound')])).toBeGreaterThan(1);
});
