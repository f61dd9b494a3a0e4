import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { planResultSchema } from '../../../lib/ports/contracts/plan.ts';

const launcher = fileURLToPath(new URL('../../../bin/oaas.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'oaas-plan-'));
afterAll(() => rmSync(dir, { recursive: true }));

function oaas(args: string[], stdin = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

const document = {
  arrivalRatePerS: 1000,
  sla: { indicator: 'mean', targetS: 0.035 },
  policy: 'capacity',
  offers: [{ id: 'A', serviceRatePerS: 50, priceUsdPerHour: 0.06 }],
};

describe('oaas plan, prices and whatif', () => {
  it('plan reads standard input and writes the published JSON', async () => {
    const { code, stdout } = await oaas(['plan', '--json'], JSON.stringify(document));
    expect(code).toBe(0);
    expect(planResultSchema.parse(JSON.parse(stdout)).fleet).toEqual([{ offer: 'A', count: 47 }]);
  });

  it('plan reads a file, and exits 3 with a reason when no fleet keeps the promise', async () => {
    const file = join(dir, 'problem.json');
    writeFileSync(file, JSON.stringify({ ...document, sla: { indicator: 'mean', targetS: 0.01 } }));
    const { code, stdout } = await oaas(['plan', '--file', file]);
    expect(code).toBe(3);
    expect(stdout).toContain('0.02 s');
  });

  it('plan points at the offending field and exits 2', async () => {
    const { code, stderr } = await oaas(
      ['plan'],
      JSON.stringify({ ...document, offers: [{ ...document.offers[0], cores: -1 }] }),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('offers[0].cores');
    expect(stderr).toContain('received -1');
  });

  it('prices ranks by USD per useful capacity', async () => {
    const { code, stdout } = await oaas([
      'prices',
      '--target-s',
      '0.2',
      '--demand-s',
      '0.1',
      '--region',
      'eu-west-1',
      '--json',
    ]);
    expect(code).toBe(0);
    const { ranking } = JSON.parse(stdout) as { ranking: { usdPerMillionUseful: number | null }[] };
    const values = ranking.map((r) => r.usdPerMillionUseful ?? Number.POSITIVE_INFINITY);
    expect(values.length).toBeGreaterThan(200);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });

  it('prices says which regions there are, and what would do when nothing meets the target', async () => {
    const wrong = await oaas(['prices', '--region', 'eu-nowhere-1']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('eu-west-1');
    const tight = await oaas(['prices', '--target-s', '0.01', '--demand-s', '0.1']);
    expect(tight.code).toBe(3);
    expect(tight.stdout).toContain('raise --target-s');
  });

  it('whatif writes a table and a figure; a looser target never costs more', async () => {
    const figure = join(dir, 'cost.svg');
    const { code, stdout } = await oaas(
      [
        'whatif',
        '--vary',
        'targetS=0.06..0.4',
        '--steps',
        '3',
        '--demand-s',
        '0.05',
        '--arrival-rate',
        '200',
        '--policy',
        'capacity',
        '--json',
      ].concat(['--out', figure]),
    );
    expect(code).toBe(0);
    const { points } = JSON.parse(stdout) as { points: { usdPerHour: { capacity: number; 'fluid bound': number } }[] };
    const costs = points.map((p) => p.usdPerHour.capacity);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    for (const p of points) expect(p.usdPerHour.capacity).toBeGreaterThanOrEqual(p.usdPerHour['fluid bound']);
    expect(readFileSync(figure, 'utf8')).toContain('<polyline');
  });

  it('whatif refuses a range that is none', async () => {
    const { code, stderr } = await oaas(['whatif', '--vary', 'targetS=0.5..0.05']);
    expect(code).toBe(2);
    expect(stderr).toContain('FROM..TO');
  });
});
