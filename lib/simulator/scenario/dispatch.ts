import { type SimulatedPolicy, simulatedPolicy } from '../engine/policies/policy.ts';
import type { Scenario, ScenarioPolicy } from './types.ts';

/** The engine's policy for a scenario whose dispatch is `policy`. */
export function dispatchOf(scenario: Scenario, policy: ScenarioPolicy): SimulatedPolicy {
  const { dispatchers = 1, reports, snapshotAgeS, session } = scenario;
  switch (policy) {
    case 'power-of-two':
      return { policy: 'power-of-choices', choices: 2 };
    case 'join-idle-queue':
      return { policy, dispatchers };
    case 'round-robin':
      return { policy, dispatchers };
    case 'jsq': {
      if (reports) return { policy: 'stale-jsq', reports, dispatchers, countOwn: true };
      return snapshotAgeS ? { policy: 'snapshot', ageS: snapshotAgeS, dispatchers } : { policy };
    }
    default:
      return simulatedPolicy({ policy, ...(session && { session }) });
  }
}

/** USD per million requests of each dispatch mode: API call, Lambda, and for `exact` the reservation's writes and reads. */
const CONTROL_PLANE_USD_PER_MILLION = { exact: 2.7, snapshot: 1.2, session: 0 } as const;

/** Control-plane price of one request under a policy; static and round-robin dispatch need no placement and cost nothing. */
export function controlPlaneUsdPerRequest(scenario: Scenario, policy: ScenarioPolicy): number {
  const stale = scenario.snapshotAgeS !== undefined && scenario.snapshotAgeS > 0;
  const price = { ...CONTROL_PLANE_USD_PER_MILLION, ...scenario.controlPlaneUsdPerMillion };
  switch (policy) {
    case 'jsq':
      return (stale || scenario.reports ? price.snapshot : price.exact) / 1e6;
    case 'power-of-two':
      return price.exact / 1e6;
    case 'join-idle-queue':
      return price.snapshot / 1e6;
    case 'session':
      return price.session / 1e6;
    default:
      return 0;
  }
}
