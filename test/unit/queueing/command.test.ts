import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { modelInputSchema, modelResultSchema } from '../../../lib/ports/contracts/model.ts';

const launcher = fileURLToPath(new URL('../../../bin/oaas.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'oaas-model-'));
afterAll(() => rmSync(dir, { recursive: true }));

function oaas(args: string[], stdin?: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end(stdin ?? '');
  });
}

const document = {
  pool: [
    { serviceRatePerS: 5, cores: 1, sharingLimit: 2, count: 1, networkS: 0 },
    { serviceRatePerS: 7, sharingLimit: 2 },
  ],
  arrivalRatePerS: 6,
  policy: 'capacity',
};

describe('oaas model', () => {
  it('reads standard input and writes the published JSON', async () => {
    const { code, stdout } = await oaas(['model', '--json'], JSON.stringify(document));
    const result = modelResultSchema.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(result.responseTimeS.mean).toBeCloseTo(1 / 3, 12);
    expect(result.perVm).toHaveLength(2);
  });

  it('reads a file, prints a table, and exits 3 when unstable', async () => {
    const file = join(dir, 'pool.json');
    writeFileSync(file, JSON.stringify({ ...document, arrivalRatePerS: 12 }));
    const { code, stdout } = await oaas(['model', '--file', file]);
    expect(code).toBe(3);
    expect(stdout).toContain('unstable: utilization 100.0 %');
  });

  it('takes a homogeneous pool as flags', async () => {
    const { code, stdout } = await oaas(['model', '--vms', '22', '--service-rate', '50', '--arrival-rate', '1000']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/stable: utilization 90\.9 %, policy jsq/);
    expect(stdout).toMatch(/response time +\d/);
  });

  it('names every offending field, the value received and what is expected, and exits 2', async () => {
    const bad = { pool: [{ serviceRatePerS: -5, sharingLimit: 2 }], arrivalRatePerS: 6, policy: 'jqs' };
    const { code, stderr } = await oaas(['model'], JSON.stringify(bad));
    expect(code).toBe(2);
    expect(stderr).toContain('pool[0].serviceRatePerS');
    expect(stderr).toContain('received -5');
    expect(stderr).toContain('policy');
    expect(stderr).toContain('"jqs"');
  });

  it('publishes its schemas', async () => {
    const [input, output] = await Promise.all([oaas(['schema', 'model']), oaas(['schema', 'model', '--output'])]);
    expect(JSON.parse(input.stdout)).toMatchObject({ type: 'object', required: ['pool', 'arrivalRatePerS', 'policy'] });
    expect(Object.keys(JSON.parse(output.stdout).properties)).toContain('errorBoundPct');
  });
});

describe('the input contract', () => {
  it('wants session parameters with policy session, and a snapshot only with jsq', () => {
    expect(modelInputSchema.safeParse({ ...document, policy: 'session' }).error?.issues[0]?.path).toEqual(['session']);
    const stale = modelInputSchema.safeParse({ ...document, snapshotAgeS: 1 });
    expect(stale.error?.issues[0]?.path).toEqual(['snapshotAgeS']);
    expect(modelInputSchema.safeParse({ ...document, policy: 'jsq', snapshotAgeS: 1 }).success).toBe(true);
  });
});
