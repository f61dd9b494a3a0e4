/** The planner beside the page: the same code that plans the real fleets. */
import { fluidUsdPerHour, paperProblem } from '../lib/domain/planner/alternatives.ts';
import { plan } from '../lib/domain/planner/plan.ts';
import type { PlanProblem, PlanResult } from '../lib/domain/planner/types.ts';
import type { Policy } from '../lib/domain/queueing/types.ts';

export interface WhatIfQuestion {
  id: number;
  problem: PlanProblem;
}

export interface WhatIfAnswer {
  id: number;
  rows: { policy: Policy; method: 'exact' | 'paper'; own: boolean; result: PlanResult }[];
  fluidUsdPerHour: number;
}

/** A slider waits for the answer. */
const workLimitMs = 120;

addEventListener('message', ({ data }: MessageEvent<WhatIfQuestion>) => {
  const { id, problem } = data;
  const own = problem.policy === undefined || problem.policy === 'auto' ? 'jsq' : problem.policy;
  const policies = [...new Set<Policy>([own, 'session', 'jsq', 'capacity'])];
  const rows: WhatIfAnswer['rows'] = policies.map((policy) => ({
    policy,
    method: 'exact',
    own: policy === own,
    result: plan({ ...problem, method: 'exact', policy }, { workLimitMs }),
  }));
  rows.push({ policy: 'capacity', method: 'paper', own: false, result: plan(paperProblem(problem), { workLimitMs }) });
  const answer: WhatIfAnswer = { id, rows, fluidUsdPerHour: fluidUsdPerHour(problem) };
  postMessage(answer);
});
