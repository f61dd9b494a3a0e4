import type { Experiment } from '../experiment.ts';
import { bohmerPart } from './bohmer.ts';
import {
  BURST_CHECK_S,
  CONTROL_PLANE_USD_PER_MILLION,
  contestants,
  PLAN_FOR_SHARE,
  SESSION,
  SNAPSHOT_AGE_S,
  TRIM_AFTER_S,
} from './contestants.ts';
import { HISTORY_NOISE } from './noise.ts';
import { sweepPart } from './sweep.ts';
import { tracesPart } from './traces.ts';

/** The product's reason to exist: the same tight promise at half the rent. */
export const halfTheRent: Experiment = {
  name: 'half-the-rent',
  title: 'Half the rent: OaaS against its rivals, closed loop',
  source: 'Ours: Böhmer day, R μ from 1.5 to 10, and every trace; forecast, plan, 40 s of boot, dispatch.',
  async run(context) {
    const bohmer = await bohmerPart(context);
    const sweep = await sweepPart(context);
    const traces = await tracesPart(context);
    const told = contestants.filter((c) => c.hindsight).map((c) => c.name);
    const { exact, snapshot, session } = CONTROL_PLANE_USD_PER_MILLION;
    return {
      claims: [...bohmer.claims, ...sweep.claims, ...traces.claims],
      tables: [...bohmer.tables, ...sweep.tables, ...traces.tables],
      figures: [...bohmer.figures, ...sweep.figures, ...traces.figures],
      shown: ['bohmer'],
      notes: [
        `Fluid bound: arrival rate x cheapest USD per unit of service rate; nothing below it is stable. Rent is from launch to termination, boot included, by the second.`,
        `Control plane, USD per million requests: exact ${exact}, snapshot ${snapshot}, session ${session}; rivals with least-outstanding dispatch pay an AWS Application Load Balancer at list price, those with round robin nothing. With a VM of 10/s at $0.06/h the bound itself is $1.67 per million, so exact placements cost more than the VMs they save; with tasks of a second they are a sixth of it. That is why the dispatch mode is chosen per pool by total cost.`,
        `Ours plan for ${100 * PLAN_FOR_SHARE} % of the target on the forecast's quantile (OaaS session for the whole target, at the far end of its model's error bound). Between slots they look at the arrivals every ${BURST_CHECK_S} s: VMs are added when arrivals clearly exceed the plan, with what works off a backlog besides, and from ${TRIM_AFTER_S} s into a slot taken away when they clearly fall short of it. The last is worth a good part of the rent on bursty traces: see the contestant without it.`,
        `Session: ${SESSION.candidates} candidates, threshold ${SESSION.threshold}, ${1000 * SESSION.handoffS} ms per hand-over. Snapshot: a view ${SNAPSHOT_AGE_S} s old.`,
        `History: ${HISTORY_NOISE.days} days whose level wanders by ${100 * HISTORY_NOISE.dayLevel} % and whose slots scatter by ${100 * HISTORY_NOISE.slot} % around the curve, Poisson on top; each replication has its own.`,
        'Rates are constant within a slot, which helps everything that reacts within it: ours and the rivals that scale by the minute or the second. A slot is within when its mean response time keeps the target; empty slots count as within, refused requests as missed.',
        'Target tracking follows the documentation of EC2 Auto Scaling (1-minute points, 3 to scale out, 15 to scale in), concurrency that of the Knative autoscaler (60 s and 6 s windows, panic at 200 %), the threshold rule the IoT paper.',
        'On the traces each contestant is a curve: a setting of a rival is beaten when some setting of ours keeps at least as many slots at a lower cost, control plane included. The settings of all curves are swept, so that which one is best on a trace is seen afterwards, for the rivals and for ours.',
        `Settings that are themselves told something of the window (hindsight): ${told.join(', ')}. All others are made of the history before it, and of what a scaler sees as it goes.`,
        'The static peak in hindsight is the fleet for the highest slot of the window, sized by our planner; the static peak of the history that for the highest slot before it. Ours with a floor is a group with `minVms` whose plan goes above it and never below: as a share of what the highest past slot keeps busy, or of the static peak in hindsight, which tells ours what that rival is told.',
        ...bohmer.notes,
        `Traces: ${traces.source}; two seeded days after at least half of the trace (up to 14 days) of history, scaled to 10/s on average, tasks of 1 s, target 2 s.`,
      ],
    };
  },
};
