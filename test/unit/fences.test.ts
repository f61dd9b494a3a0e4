import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const biome = resolve('node_modules/.bin/biome');

/** Lints `code` as if it stood at `path`, with the project's own configuration, in a folder of its own. */
function lintAs(path: string, code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oaas-fence-'));
  try {
    const config = JSON.parse(readFileSync('biome.json', 'utf8'));
    writeFileSync(
      join(folder, 'biome.json'),
      JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }),
    );
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), code);
    const result = spawnSync(biome, ['lint', '--reporter=json', '.'], { cwd: folder, encoding: 'utf8' });
    expect(result.stdout, result.stderr).toContain('"summary"');
    return result.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const planted = [
  ['lib/domain/planted.ts', "import { z } from 'zod';\nexport const s = z;\n"],
  ['lib/domain/planted.ts', "import { readFile } from 'node:fs';\nexport const s = readFile;\n"],
  ['lib/domain/deep/planted.ts', "import { x } from '../../ports/clock.ts';\nexport const s = x;\n"],
  [
    'lib/ports/planted.ts',
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const s = DynamoDBClient;\n",
  ],
  ['lib/app/planted.ts', "import { x } from '../adapters/aws/keys.ts';\nexport const s = x;\n"],
  [
    'lib/local/planted.ts',
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const s = DynamoDBClient;\n",
  ],
  ['lib/adapters/local/planted.ts', "import { Stack } from 'aws-cdk-lib';\nexport const s = Stack;\n"],
  ['surrogate/planted.ts', "import { S3 } from '@aws-sdk/client-s3';\nexport const s = S3;\n"],
  ['dashboard/planted.ts', "import { x } from '../lib/app/place.ts';\nexport const s = x;\n"],
  ['sdk/typescript/src/planted.ts', "import { z } from 'zod';\nexport const s = z;\n"],
  ['sdk/typescript/src/planted.ts', "import { x } from '../../../lib/app/place.ts';\nexport const s = x;\n"],
] as const;

describe('import fences', () => {
  it.each(planted)('the linter refuses %s with %j', (path, code) => {
    expect(lintAs(path, code)).toContain('noRestrictedImports');
  });

  it('lets the allowed import through, so that the fence is not simply closed', () => {
    expect(
      lintAs(
        'lib/adapters/aws/planted.ts',
        "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';\nexport const s = DynamoDBClient;\n",
      ),
    ).not.toContain('noRestrictedImports');
  });
});

const impure =
  /\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.(?!\w+\.ts)|\bsetTimeout\(|\bfetch\(/;

describe('purity of lib/domain', () => {
  const files = readdirSync('lib/domain', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));

  it('reads no clock, randomness or environment', () => {
    expect(files.length).toBeGreaterThan(0);
    const found = files.filter((f) => impure.test(stripComments(readFileSync(join('lib/domain', f), 'utf8'))));
    expect(found).toEqual([]);
  });

  it('would notice', () => {
    for (const bad of ['const x = Math.random();', 'const t = Date.now();', 'const e = process.env.X;'])
      expect(bad).toMatch(impure);
  });
});

function stripComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
