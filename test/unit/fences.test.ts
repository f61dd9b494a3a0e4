import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

/** What each folder may import, and what it may not: every entry is planted in a file of its own and linted. */
const fences: { folder: string; refused: string[]; allowed: string[] }[] = [
  {
    folder: 'lib/domain/deep',
    refused: ['zod', 'node:fs', 'node:fs/promises', 'aws-cdk-lib', '@aws-sdk/client-s3', 'hono/cors'].concat(
      lib(['ports', 'app', 'adapters', 'simulator', 'local', 'cli', 'infra', 'experiments']),
      ['../../../surrogate/x.ts', '../../../sdk/x.ts', '../../../lambdas/x.ts', '../../../dashboard/x.ts'],
    ),
    allowed: ['./x.ts', '../x.ts', '../planner/x.ts'],
  },
  {
    folder: 'lib/ports/contracts',
    refused: ['node:fs', 'hono', '@aws-sdk/client-s3', 'aws-cdk-lib'].concat(
      lib(['app', 'adapters', 'simulator', 'local', 'cli', 'infra', 'experiments']),
      ['../../../surrogate/x.ts', '../../../sdk/x.ts', '../../../lambdas/x.ts', '../../../dashboard/x.ts'],
    ),
    allowed: ['zod', '../x.ts', '../../domain/x.ts'],
  },
  ...['lib/app/http', 'lib/simulator/engine'].map((folder) => ({
    folder,
    refused: ['@aws-sdk/client-s3', '@smithy/signature-v4', 'aws-cdk-lib/aws-ec2', 'constructs'].concat(
      lib(['adapters', 'local', 'cli', 'infra', 'experiments']),
      ['../../../surrogate/x.ts', '../../../sdk/x.ts', '../../../lambdas/x.ts', '../../../dashboard/x.ts'],
    ),
    allowed: ['zod', '../x.ts', '../../domain/x.ts', '../../ports/x.ts'],
  })),
  ...['lib/adapters/local', 'lib/adapters/node', 'lib/local', 'lib/cli', 'lib/experiments', 'lambdas', 'surrogate'].map(
    (folder) => ({
      folder,
      refused: ['@aws-sdk/client-s3', '@smithy/signature-v4', 'aws-cdk-lib', 'aws-cdk-lib/aws-ec2', 'constructs'],
      allowed: ['zod', 'node:fs', './x.ts'],
    }),
  ),
  { folder: 'bin', refused: ['@aws-sdk/client-s3', 'aws-cdk-lib', 'constructs'], allowed: ['../lib/cli/x.ts'] },
  { folder: 'lib/adapters/aws', refused: ['aws-cdk-lib', 'constructs'], allowed: ['@aws-sdk/client-s3', '@smithy/x'] },
  { folder: 'lib/infra', refused: ['@aws-sdk/client-s3', '@smithy/x'], allowed: ['aws-cdk-lib', 'constructs'] },
  {
    folder: 'dashboard',
    refused: ['zod', 'node:fs', 'hono', '@aws-sdk/client-s3', 'aws-cdk-lib', '../surrogate/x.ts', '../sdk/x.ts'].concat(
      ['app', 'adapters', 'local', 'simulator', 'cli', 'ports', 'infra', 'experiments'].map((n) => `../lib/${n}/x.ts`),
    ),
    allowed: ['preact', 'preact/hooks', 'uplot', './x.ts', '../lib/domain/x.ts', '../lib/ports/contracts/x.ts'],
  },
  {
    folder: 'sdk/typescript/src',
    refused: ['zod', 'hono', '@aws-sdk/client-s3', 'aws-cdk-lib', '../../../surrogate/x.ts'].concat(
      ['domain', 'app', 'adapters', 'local', 'simulator', 'cli', 'ports'].map((n) => `../../../lib/${n}/x.ts`),
    ),
    allowed: ['node:tls', './x.ts', '../../../lib/ports/contracts/x.ts'],
  },
];

function lib(names: string[]): string[] {
  return names.map((name) => `../../${name}/x.ts`);
}

/** The ways to import. */
const forms = {
  static: (from: string) => `import { x } from '${from}';\nexport const s = x;\n`,
  dynamic: (from: string) => `export const s = await import('${from}');\n`,
  again: (from: string) => `export * from '${from}';\n`,
};

/** Lints `files` (path to code) with the project's own configuration, in a folder of their own; answers the paths that a fence refuses. */
function refusedOf(files: Map<string, string>): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'oaas-fence-'));
  try {
    const config = JSON.parse(readFileSync('biome.json', 'utf8'));
    writeFileSync(
      join(folder, 'biome.json'),
      JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }),
    );
    for (const [path, code] of files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), code);
    }
    const options = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
    const result = spawnSync(resolve('node_modules/.bin/biome'), options, { cwd: folder, encoding: 'utf8' });
    expect(result.stdout, result.stderr).toContain('"summary"');
    const { diagnostics } = JSON.parse(result.stdout) as {
      diagnostics: { category: string; location: { path: string } }[];
    };
    const found = diagnostics.filter((one) => one.category === 'lint/style/noRestrictedImports');
    return new Set(found.map((one) => one.location.path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('import fences', () => {
  const planted = new Map<string, string>();
  const plant = (path: string, code: string) => {
    planted.set(path, code);
    return path;
  };
  const cases = fences.flatMap(({ folder, refused, allowed }) => [
    ...refused.map((from, i) => ({
      folder,
      from,
      refuse: true,
      path: plant(`${folder}/no-${i}.ts`, forms.static(from)),
    })),
    ...allowed.map((from, i) => ({
      folder,
      from,
      refuse: false,
      path: plant(`${folder}/ok-${i}.ts`, forms.static(from)),
    })),
  ]);
  const otherForms = (['dynamic', 'again'] as const).map((form) =>
    plant(`lib/app/${form}.ts`, forms[form]('@aws-sdk/client-s3')),
  );
  const cdkApp = plant('bin/cdk.ts', forms.static('aws-cdk-lib'));
  let found: Set<string>;

  beforeAll(() => {
    found = refusedOf(planted);
  });

  it.each(cases)('$folder importing $from: refused $refuse', ({ path, refuse }) => {
    expect(found.has(path)).toBe(refuse);
  });

  it('holds dynamic imports and re-exports too', () => {
    for (const path of otherForms) expect(found).toContain(path);
  });

  it('lets the CDK app, alone in bin, import the CDK', () => {
    expect(found).not.toContain(cdkApp);
  });
});

const impure =
  /\bMath\.random\b|\bDate\.now\b|\bDate\(\)|\bperformance\.|\bprocess\.(?!\w+\.ts)|\bset(Timeout|Interval|Immediate)\b|\bfetch\(|\bcrypto\.|\bglobalThis\b/;

describe('purity of lib/domain', () => {
  const files = readdirSync('lib/domain', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));

  it('reads no clock, randomness or environment', () => {
    expect(files.length).toBeGreaterThan(0);
    const found = files.filter((f) => impure.test(stripComments(readFileSync(join('lib/domain', f), 'utf8'))));
    expect(found).toEqual([]);
  });

  it('would notice', () => {
    const random = ['random = Math.random', 'crypto.randomUUID()'];
    const clock = ['Date.now()', 'new Date()', 'performance.now()', 'setTimeout(f)', 'setInterval(f)'];
    for (const bad of [...random, ...clock, 'process.env.X', 'globalThis.x', 'fetch(url)']) expect(bad).toMatch(impure);
  });
});

function stripComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
