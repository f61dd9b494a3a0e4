import type { CurrentVms } from '../../domain/planner/types.ts';
import type { Machines } from './machines.ts';
import type { Scenario } from './types.ts';

/** The fleet as the planner wants to know it; under hourly billing each VM with what is paid of its hour. */
export function currentVms(scenario: Scenario, machines: Machines, nowS: number): CurrentVms[] {
  return scenario.offers.flatMap((offer, i) =>
    (['ready', 'booting'] as const).flatMap((state) => {
      const remaining = machines.paidS(i, state, nowS);
      const entry = { offer: offer.id, state: state === 'ready' ? ('running' as const) : state };
      if (remaining.length === 0) return [];
      if (scenario.billing !== 'hourly') return [{ ...entry, count: remaining.length }];
      return remaining.map((remainingRentalS) => ({ ...entry, count: 1, remainingRentalS }));
    }),
  );
}

/** VMs per offer that the scenario itself names for the start. */
export const givenFleet = (scenario: Scenario): number[] =>
  scenario.offers.map((offer) =>
    (scenario.initial ?? []).reduce((sum, entry) => sum + (entry.offer === offer.id ? entry.count : 0), 0),
  );
