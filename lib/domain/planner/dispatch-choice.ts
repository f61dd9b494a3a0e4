import type { Policy } from '../queueing/types.ts';
import { round } from './instance.ts';
import type { DispatchChoice, DispatchOption, PlanProblem, PlanResult } from './types.ts';

/** USD per million placements: list prices of 2026 for one API request ($1), Lambda ($0.20), a write, its release and reads in DynamoDB ($1.50). */
const defaultCost = { exact: 2.7, session: 0 } as const;

interface Mode {
  mode: DispatchOption['mode'];
  policy: Policy;
  snapshotAgeS: number;
  usdPerMillion: number;
}

/** The dispatch modes that `auto` weighs: snapshot only where its price and its age are given. */
export function dispatchModes(problem: PlanProblem): Mode[] {
  const cost = { ...defaultCost, ...problem.controlPlaneUsdPerMillion };
  const modes: Mode[] = [
    { mode: 'exact', policy: 'jsq', snapshotAgeS: 0, usdPerMillion: cost.exact },
    { mode: 'session', policy: 'session', snapshotAgeS: 0, usdPerMillion: cost.session },
  ];
  const snapshotAgeS = problem.snapshotAgeS ?? 0;
  if (cost.snapshot !== undefined && snapshotAgeS > 0) {
    modes.push({ mode: 'snapshot', policy: 'jsq', snapshotAgeS, usdPerMillion: cost.snapshot });
  }
  return modes;
}

/**
 * The mode with the least rent plus control plane. Rent is the new money over the horizon as an hourly rate, the control plane a price per placement.
 *
 * @param plans one result per mode, same order
 */
export function chooseDispatch(
  problem: PlanProblem,
  modes: readonly Mode[],
  plans: readonly PlanResult[],
): { index: number; choice: DispatchChoice } {
  const hours = (problem.horizonS ?? 600) / 3600;
  const millionsPerHour = (problem.arrivalRatePerS * 3600) / 1e6;
  const options = modes.map(({ mode, policy, usdPerMillion }, k): DispatchOption => {
    const plan = plans[k]!;
    const feasible = plan.fleet.length > 0 || plan.status !== 'infeasible';
    const rentUsdPerHour = feasible ? plan.newUsdOverHorizon / hours : null;
    const controlPlaneUsdPerHour = usdPerMillion * millionsPerHour;
    return {
      mode,
      policy,
      feasible,
      rentUsdPerHour,
      controlPlaneUsdPerHour,
      totalUsdPerHour: rentUsdPerHour === null ? null : rentUsdPerHour + controlPlaneUsdPerHour,
      vms: feasible ? plan.fleet.reduce((sum, f) => sum + f.count, 0) : null,
    };
  });
  const total = (k: number) => options[k]!.totalUsdPerHour ?? Number.POSITIVE_INFINITY;
  const index = options.reduce((best, _, k) => (total(k) < total(best) ? k : best), 0);
  const exact = options.find((o) => o.mode === 'exact')!;
  const session = options.find((o) => o.mode === 'session')!;
  const breakEven =
    exact.rentUsdPerHour !== null && session.rentUsdPerHour !== null && millionsPerHour > 0
      ? (session.rentUsdPerHour + session.controlPlaneUsdPerHour - exact.rentUsdPerHour) / millionsPerHour
      : null;
  return {
    index,
    choice: {
      mode: options[index]!.mode,
      options,
      breakEvenUsdPerMillion: breakEven,
      why: why(options, index, breakEven),
    },
  };
}

function why(options: readonly DispatchOption[], index: number, breakEven: number | null): string {
  const shown = options.map((o) =>
    o.totalUsdPerHour === null
      ? `${o.mode}: infeasible`
      : `${o.mode}: $${round(o.rentUsdPerHour!)}/h rent + $${round(o.controlPlaneUsdPerHour)}/h control plane = $${round(o.totalUsdPerHour)}/h`,
  );
  const turning =
    breakEven === null
      ? ''
      : `; break-even: exact pays while a placement costs less than $${round(breakEven)} per million`;
  return `${options[index]!.mode} has the least total (${shown.join('; ')})${turning}`;
}
