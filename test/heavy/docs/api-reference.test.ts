import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { again, downloadFailed } from '../../../bench/again.ts';
import { repository } from '../../support/markdown.ts';

it('npm run docs:api writes the TypeScript reference without a warning', async () => {
  const out = join(repository, 'out/docs/api');
  rmSync(out, { recursive: true, force: true });
  // TypeDoc treats its warnings (links that lead nowhere, types left out) as errors.
  await again(() => promisify(execFile)('npm', ['run', '-s', 'docs:api'], { cwd: repository }), downloadFailed);
  expect(existsSync(join(out, 'index.html'))).toBe(true);
  const plan = readFileSync(join(out, 'functions/lib_domain_planner_plan.plan.html'), 'utf8');
  expect(plan).toContain('PlanProblem');
  expect(existsSync(join(out, 'classes/sdk_typescript_src_index.node.OaaS.html'))).toBe(true);
});
