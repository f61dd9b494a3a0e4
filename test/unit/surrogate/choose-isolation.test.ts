import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseIsolation } from '../../../surrogate/isolation/choose.ts';
import type { RuntimeCommand } from '../../../surrogate/isolation/types.ts';

const workDir = mkdtempSync(join(tmpdir(), 'oaas-isolation-'));
afterAll(() => rmSync(workDir, { recursive: true, force: true }));
/** A runtime that no sandbox can run. */
const broken: RuntimeCommand = { executable: '/bin/false', support: [], arguments: () => [] };

describe('the choice of isolation', () => {
  it('is plain processes when asked for, or when no sandbox works and nobody insists', () => {
    for (const wanted of ['process', 'auto'] as const) {
      const chosen = chooseIsolation({ wanted, strict: false, workDir, runtime: broken });
      expect(chosen).toMatchObject({ ok: true, isolation: { name: 'process' } });
    }
  });

  it.each([
    ['bubblewrap', false],
    ['auto', true],
  ] as const)('is a refusal with the way out for %s, strict %s, where no sandbox works', (wanted, strict) => {
    const chosen = chooseIsolation({ wanted, strict, workDir, runtime: broken });
    expect(chosen.ok ? '' : chosen.reason).toMatch(/no sandbox: .*OAAS_ISOLATION=process/s);
  });
});
