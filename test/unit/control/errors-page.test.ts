import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { problemTypes } from '../../../lib/ports/contracts/problem.ts';

it('docs/errors.md documents every problem type with its status, and no other', () => {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z-]+)` +\| (\d+) +\|/gm)].map(([, type, status]) => [
    type,
    Number(status),
  ]);
  expect(Object.fromEntries(documented)).toEqual(problemTypes);
});
