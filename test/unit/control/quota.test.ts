import { expect, it } from 'vitest';
import { createQuotas } from '../../../lib/app/quota.ts';

it('forgets a principal that is idle, not the debt of one that is busy', () => {
  const quotas = createQuotas();
  let granted = 0;
  for (let nowMs = 0; nowMs <= 60_000; nowMs += 50) if (quotas.take('busy', 'g', 10, nowMs) === 0) granted += 1;
  // A second's worth at once, then the rate.
  expect(granted).toBe(10 + 60 * 10);
});
