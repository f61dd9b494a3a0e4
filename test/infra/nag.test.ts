import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { acknowledged } from './acknowledged.ts';
import { europe, northAmerica, synth } from './synth.ts';

const matches = (pattern: string, text: string): boolean => {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(text);
};

it('AwsSolutions has no finding without a reasoned acknowledgement, and no acknowledgement is stale', () => {
  const { app } = synth([europe, northAmerica]);
  const findings = new AwsSolutionsChecks()
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      (violatingResources ?? []).map(({ constructPath }) => ({ finding: ruleName, at: constructPath ?? '' })),
    );
  const used = new Set<object>();
  const open = findings.filter(({ finding, at }) => {
    const found = acknowledged.filter((a) => matches(a.finding, finding) && matches(a.at, at));
    for (const acknowledgement of found) used.add(acknowledgement);
    return found.length === 0;
  });
  expect(findings.length).toBeGreaterThan(0);
  expect(open).toEqual([]);
  expect(acknowledged.filter((a) => !used.has(a))).toEqual([]);
});
