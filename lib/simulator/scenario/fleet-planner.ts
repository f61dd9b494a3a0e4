import { plan } from '../../domain/planner/plan.ts';
import type { CurrentVms, PlanMethod, PlanProblem } from '../../domain/planner/types.ts';
import type { Policy } from '../../domain/queueing/types.ts';
import { demandScv } from '../engine/demand.ts';
import { meanBootS } from './boot-delay.ts';
import type { Scenario } from './types.ts';

/** What the planner wants: VMs per offer, in the scenario's order; null when no fleet keeps the promise. */
export interface PlannedFleet {
  counts: number[] | null;
  /** The dispatch policy that the plan holds for (matters under `auto`). */
  policy: Policy;
}

/** Plans a slot; the same problem is planned once, since replications under an oracle ask it again and again. */
export class FleetPlanner {
  private readonly scenario: Scenario;
  private readonly method: PlanMethod;
  private readonly solve: typeof plan;
  private readonly memo = new Map<string, PlannedFleet>();
  private readonly common: Omit<PlanProblem, 'arrivalRatePerS'>;

  /** @param solve the planner; the product's own unless an experiment brings another */
  constructor(scenario: Scenario, method: PlanMethod, slotS: number, solve: typeof plan = plan) {
    this.scenario = scenario;
    this.method = method;
    this.solve = solve;
    const scv = demandScv(scenario.demand ?? { distribution: 'exponential' });
    this.common = {
      sla: scenario.sla,
      policy: planningPolicy(scenario),
      method: this.method,
      // A plan is made ahead, so that a boot delays no VM of it.
      offers: scenario.offers.map((offer) => ({ ...offer, bootS: Math.min(meanBootS(scenario, offer), slotS / 2) })),
      billing: scenario.billing ?? 'per-second',
      horizonS: slotS,
      ...(scenario.limits && { limits: scenario.limits }),
      ...(scenario.controlPlaneUsdPerMillion && { controlPlaneUsdPerMillion: scenario.controlPlaneUsdPerMillion }),
      ...(scenario.session && { session: scenario.session }),
      ...(scenario.snapshotAgeS !== undefined && { snapshotAgeS: scenario.snapshotAgeS }),
      ...(Number.isFinite(scv) && scv !== 1 && { serviceScv: scv }),
    };
  }

  plan(arrivalRatePerS: number, current: readonly CurrentVms[]): PlannedFleet {
    const key = `${arrivalRatePerS} ${JSON.stringify(current)}`;
    let planned = this.memo.get(key);
    if (planned === undefined) {
      const result = this.solve({ ...this.common, arrivalRatePerS, current: [...current] });
      const byOffer = new Map(result.fleet.map((entry) => [entry.offer, entry.count]));
      planned = {
        counts: result.status === 'infeasible' ? null : this.scenario.offers.map((offer) => byOffer.get(offer.id) ?? 0),
        policy: result.policy,
      };
      this.memo.set(key, planned);
    }
    return planned;
  }
}

/** The policy that the queueing model knows and that predicts the simulated one from the safe side. */
function planningPolicy(scenario: Scenario): Policy | 'auto' {
  switch (scenario.policy) {
    case undefined:
      return 'jsq';
    case 'power-of-two':
      return 'round-robin';
    case 'join-idle-queue':
      return 'jsq';
    default:
      return scenario.policy;
  }
}
