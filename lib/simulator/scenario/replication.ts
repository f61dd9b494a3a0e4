import { surplusRatePerS } from '../../domain/scaling/surplus.ts';
import { arrivalSource } from '../engine/arrivals.ts';
import type { Kernel } from '../engine/kernel.ts';
import { createDispatcher } from '../engine/policies/policy.ts';
import { Recorder } from '../engine/recorder.ts';
import { Stream, UniformStream } from '../engine/rng.ts';
import { reactiveScaler, vmsAt } from './baselines.ts';
import { bootP90S } from './boot-delay.ts';
import { BurstWatch } from './burst-watch.ts';
import { currentVms, givenFleet } from './current-vms.ts';
import { controlPlaneUsdPerRequest, dispatchOf } from './dispatch.ts';
import { arrivalsOf, createKernel } from './engine-setup.ts';
import { EventQueue } from './event-queue.ts';
import { Ledger } from './ledger.ts';
import { Machines } from './machines.ts';
import { ForecastPredictor, OraclePredictor, type Predictor } from './predictor.ts';
import { ReactiveControl } from './reactive-control.ts';
import type { Prepared, ReplicationEvent, ReplicationResult } from './replication-types.ts';
import type { Scenario, ScenarioPolicy } from './types.ts';

/**
 * One replication of a scenario: the engine runs from event to event, and between runs the fleet changes.
 *
 * Per slot k: at its start minus the lead, the plan for it is made and its launches begin; at its start, what the slot before
 * brought is shown to the forecast and the surplus is drained, though not while launches are still under way. Reactive
 * scalers decide at their own period instead.
 */
export class Replication {
  private readonly prepared: Prepared;
  private readonly scenario: Scenario;
  private readonly events = new EventQueue<ReplicationEvent>();
  private readonly recorder = new Recorder(false);
  private readonly kernel: Kernel;
  private readonly ledger: Ledger;
  private readonly machines: Machines;
  private readonly predictor: Predictor;
  private readonly reactive: ReactiveControl | null;
  private readonly dispatchRandom: UniformStream;
  private readonly leadS: number;
  private policy: ScenarioPolicy;
  /** VMs per offer that there should be; null where nobody plans. */
  private target: number[] | null = null;
  private plannedRatePerS = 0;
  /** The latest slot that a plan was made for. */
  private plannedSlot = 0;
  private drainDue = false;
  private slot = 0;
  private arrivalsAtSlot = 0;
  private finishedAtSlot = { count: 0, sumS: 0 };
  private readonly burst: BurstWatch;
  private controlPlaneUsd = 0;
  private infeasibleSlots = 0;

  constructor(prepared: Prepared, replication: number) {
    const { scenario, slotS, seed } = prepared;
    this.prepared = prepared;
    this.scenario = scenario;
    const warmupS = scenario.warmupS ?? 0;
    this.ledger = new Ledger(scenario.slots.length, slotS, scenario.offers.length, scenario.billing ?? 'per-second');
    this.kernel = createKernel(scenario, this.recorder, seed, replication);
    this.kernel.nowS = -warmupS;
    this.burst = new BurstWatch(this.kernel, this.recorder);
    this.machines = new Machines(scenario, this.kernel, this.ledger, this.events, seed, replication);
    this.predictor =
      prepared.forecastState === null
        ? new OraclePredictor(scenario.slots)
        : new ForecastPredictor(prepared.forecastState, scenario, slotS);
    const scaler = reactiveScaler(prepared.planner, scenario);
    this.reactive = scaler && new ReactiveControl(scaler, this.machines, this.kernel, this.recorder);
    this.dispatchRandom = new UniformStream(seed, replication, Stream.dispatch);
    this.leadS = Math.min(slotS * 0.9, scenario.leadS ?? bootP90S(scenario));
    this.policy = scenario.policy === undefined || scenario.policy === 'auto' ? 'jsq' : scenario.policy;
    this.begin(seed, replication, warmupS);
  }

  /** Runs slot after slot; yields the share done, so that a caller may show it, or stop. */
  *run(): Generator<number, ReplicationResult> {
    const { scenario, kernel, events } = this;
    const endS = scenario.slots.length * this.prepared.slotS;
    while (events.nextS < endS) {
      const atS = events.nextS;
      kernel.run(atS, Number.POSITIVE_INFINITY);
      const event = events.pop()!;
      this.handle(event, atS);
      if (event.kind === 'slot') yield event.k / scenario.slots.length;
    }
    kernel.run(endS, Number.POSITIVE_INFINITY);
    this.closeSlot(endS);
    this.machines.close(endS);
    // The last requests finish on the fleet as it is, off the books.
    this.recorder.slot = -1;
    while (this.recorder.outstanding > 0) kernel.run(kernel.nowS + this.prepared.slotS, Number.POSITIVE_INFINITY);
    const { recorder, ledger, controlPlaneUsd, infeasibleSlots } = this;
    return { recorder, ledger, controlPlaneUsd, infeasibleSlots };
  }

  private begin(seed: number, replication: number, warmupS: number): void {
    const { scenario, kernel, machines, prepared } = this;
    const { slotS } = prepared;
    for (const [offer, count] of this.initialFleet().entries()) machines.launch(offer, count, -warmupS, true);
    const random = this.dispatchRandom;
    const rate = scenario.slots[0]!.arrivalRatePerS;
    kernel.use(
      createDispatcher(dispatchOf(scenario, this.policy), kernel.fleet, random, rate),
      arrivalSource(arrivalsOf(scenario, slotS, warmupS), seed, replication),
    );
    this.events.push(0, { kind: 'slot', k: 0 });
    if (this.reactive) this.events.push(this.reactive.periodS, { kind: 'tick' });
    if (scenario.burstCheckS && prepared.fleetPlanner) this.events.push(scenario.burstCheckS, { kind: 'burst' });
  }

  private initialFleet(): number[] {
    const { scenario, prepared } = this;
    const { planner, fleetPlanner } = prepared;
    if (scenario.initial) return givenFleet(scenario);
    const rates = scenario.slots.map((slot) => slot.arrivalRatePerS);
    const rate =
      planner.method === 'static'
        ? (planner.arrivalRatePerS ?? rates.reduce((a, b) => Math.max(a, b), 0))
        : this.predictor.predict(0, null);
    if (fleetPlanner) {
      const counts = this.plan(rate);
      if (counts) return counts;
    }
    // A reactive scaler starts with a fleet 60 % busy rather than from a queue that nobody would have let grow.
    const own = this.reactive?.offer ?? 0;
    return scenario.offers.map((_, i) => (i === own ? vmsAt(scenario, own, rates[0]!, 0.6) : 0));
  }

  private handle(event: ReplicationEvent, nowS: number): void {
    switch (event.kind) {
      case 'slot':
        this.startSlot(event.k, nowS);
        break;
      case 'plan':
        this.planSlot(event.k, nowS);
        break;
      case 'tick':
        this.reactive!.tick(nowS);
        this.events.push(nowS + this.reactive!.periodS, { kind: 'tick' });
        break;
      case 'burst':
        this.checkBurst(nowS);
        break;
      default:
        this.reactive?.capacityChanges(nowS);
        this.machines.handle(event, nowS);
        // Replace at once what spot took away; drain once launches have arrived.
        if (event.kind === 'notice') this.launchMissing(nowS);
        if (event.kind === 'ready') this.drainSurplus(nowS);
    }
  }

  private startSlot(k: number, nowS: number): void {
    const { recorder, prepared, scenario } = this;
    if (k > 0) {
      this.closeSlot(nowS);
      const count = this.kernel.arrivalCount - this.arrivalsAtSlot;
      this.predictor.observe(k - 1, count);
      // Who plans knows a rate; who does not takes the last slot's.
      this.kernel.expectRate(this.plannedRatePerS > 0 ? this.plannedRatePerS : count / prepared.slotS);
    } else this.machines.settle(nowS);
    this.slot = k;
    this.arrivalsAtSlot = this.kernel.arrivalCount;
    this.finishedAtSlot = { count: recorder.finishedCount, sumS: recorder.finishedSumS };
    recorder.open(k);
    const planned = prepared.fleetPlanner !== null && prepared.planner.method !== 'static';
    if (planned) {
      // Nobody could plan slot 0 ahead when its fleet was given.
      if (this.leadS === 0 || (k === 0 && scenario.initial)) this.planSlot(k, nowS);
      this.drainDue = true;
      this.drainSurplus(nowS);
      if (this.leadS > 0 && k + 1 < scenario.slots.length) {
        this.events.push((k + 1) * prepared.slotS - this.leadS, { kind: 'plan', k: k + 1 });
      }
    }
    if (k + 1 < scenario.slots.length) this.events.push((k + 1) * prepared.slotS, { kind: 'slot', k: k + 1 });
  }

  private closeSlot(nowS: number): void {
    this.machines.settle(nowS);
    const arrivals = this.kernel.arrivalCount - this.arrivalsAtSlot;
    this.ledger.slots[this.slot]!.arrivals = arrivals;
    this.controlPlaneUsd += arrivals * controlPlaneUsdPerRequest(this.scenario, this.policy);
  }

  private planSlot(k: number, nowS: number): void {
    const { slotS } = this.prepared;
    const elapsedS = nowS - (k - 1) * slotS;
    const ahead = k > 0 && elapsedS < slotS - 1e-9;
    const partial = ahead ? { count: this.kernel.arrivalCount - this.arrivalsAtSlot, elapsedS } : null;
    this.plannedSlot = k;
    const counts = this.plan(this.predictor.predict(k, partial));
    if (counts === null) this.infeasibleSlots++;
    this.drainDue = false;
    this.launchMissing(nowS);
  }

  /** Sets target and policy for a rate. @returns the counts, null when infeasible (the target then stays) */
  private plan(ratePerS: number): number[] | null {
    const { counts, policy } = this.prepared.fleetPlanner!.plan(
      ratePerS,
      currentVms(this.scenario, this.machines, this.kernel.nowS),
    );
    this.plannedRatePerS = ratePerS;
    if (counts !== null) this.target = counts;
    const { scenario, kernel } = this;
    if (scenario.policy === 'auto' && policy !== this.policy && counts !== null) {
      this.policy = policy;
      kernel.switchDispatcher(
        createDispatcher(dispatchOf(scenario, policy), kernel.fleet, this.dispatchRandom, ratePerS),
      );
    }
    return counts;
  }

  private launchMissing(nowS: number): void {
    if (this.target === null) return;
    const ready = this.machines.count('ready');
    const booting = this.machines.count('booting');
    this.target.forEach((wanted, offer) => {
      const missing = wanted - ready[offer]! - booting[offer]!;
      if (missing > 0) this.machines.launch(offer, missing, nowS);
    });
  }

  private drainSurplus(nowS: number): void {
    const { target, machines } = this;
    if (!this.drainDue || target === null) return;
    const ready = machines.count('ready');
    const booting = machines.count('booting');
    // A VM still booting may be the replacement of one to be drained.
    if (booting.some((count, offer) => count > Math.max(0, ready[offer]! + count - target[offer]!))) return;
    this.drainDue = false;
    this.reactive?.capacityChanges(nowS);
    target.forEach((wanted, offer) => {
      const surplus = ready[offer]! + booting[offer]! - wanted;
      if (surplus > 0) machines.drain(offer, surplus, nowS);
    });
  }

  /** Scale-out between slots, by the scaler's own trigger; a look averages over about 6 s as the scaler's does. */
  private checkBurst(nowS: number): void {
    const decision = this.burst.look(nowS, {
      ratePerS: this.plannedRatePerS,
      fromS: this.plannedSlot * this.prepared.slotS,
      targetS: this.scenario.sla.targetS,
    });
    if (decision.burst) {
      const before = this.target;
      const { arrivalRatePerS, catchUpPerS } = decision;
      const counts = this.plan(arrivalRatePerS + catchUpPerS) ?? this.plan(arrivalRatePerS);
      if (counts !== null && before !== null) this.target = counts.map((n, i) => Math.max(n, before[i]!));
      this.launchMissing(nowS);
    }
    if (this.scenario.trimAfterS !== undefined) this.trim(nowS);
    this.events.push(nowS + this.scenario.burstCheckS!, { kind: 'burst' });
  }

  /**
   * Scale-in between slots: once enough of the slot has been seen to tell that clearly less arrives than the forecast's quantile allowed
   * for, the surplus goes, until the plan for the next slot is made.
   */
  private trim(nowS: number): void {
    const elapsedS = nowS - this.slot * this.prepared.slotS;
    if (elapsedS < this.scenario.trimAfterS! || this.plannedSlot > this.slot || this.target === null) return;
    const count = this.kernel.arrivalCount - this.arrivalsAtSlot;
    const { plannedRatePerS, scenario, kernel, recorder } = this;
    const finished = recorder.finishedCount - this.finishedAtSlot.count;
    const ratePerS = surplusRatePerS({
      count,
      elapsedS,
      plannedRatePerS,
      present: kernel.presentCount,
      targetS: scenario.sla.targetS,
      meanResponseS: finished > 0 ? (recorder.finishedSumS - this.finishedAtSlot.sumS) / finished : null,
    });
    if (ratePerS === null) return;
    const before = this.target;
    const counts = this.plan(ratePerS);
    if (counts === null) return;
    this.target = counts.map((n, i) => Math.min(n, before[i]!));
    this.drainDue = true;
    this.drainSurplus(nowS);
  }
}
