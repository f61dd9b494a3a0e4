import { describe, expect, it } from 'vitest';
import { plan } from '../../../lib/domain/planner/plan.ts';
import { offersFromCatalogue } from '../../../lib/domain/pricing/offers.ts';
import { loadHighs, lpText } from '../../support/highs.ts';

const highs = await loadHighs();

describe('the linear case on the catalogue, against HiGHS', () => {
  it.each([
    [1.5, 5],
    [1.5, 100],
    [2, 20],
    [3, 5],
    [3, 20],
    [6, 100],
    [10, 20],
  ])('R μ = %f, at most %i VMs of each offer: no worse, need of about 1,000 VMs', (ratio, max) => {
    const demandS = 0.05;
    const targetS = ratio * demandS;
    const regions = ['eu-west-1', 'eu-central-1', 'eu-west-2', 'eu-west-3', 'eu-north-1'].map((name) => ({
      name,
      networkS: 0,
    }));
    const offers = offersFromCatalogue({ regions, demandS }).map((o) => ({ ...o, cores: 1, max }));
    const arrivalRatePerS = 300 * max * 10;
    const worth = offers.map((o) => o.serviceRatePerS - 1 / targetS);
    const text = lpText(
      offers.map((o) => o.priceUsdPerHour),
      offers.map((_, j) => (worth[j]! > 0 ? max : 0)),
      [{ worth, atLeast: arrivalRatePerS }],
      true,
    );
    const reference = highs.solve(text, { mip_rel_gap: 0, mip_abs_gap: 0, time_limit: 20 });
    const result = plan({ arrivalRatePerS, sla: { indicator: 'mean', targetS }, policy: 'capacity', offers });
    expect(result.costUsdPerHour).toBeLessThanOrEqual(reference.ObjectiveValue * (1 + 1e-7));
    expect(result.gapPct).toBeLessThan(0.1);
  });
});
