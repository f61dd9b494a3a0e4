import type { Offer } from '../../domain/planner/types.ts';
import { chooseDrains, remainingRentalS } from '../../domain/scaling/choose-drain.ts';
import type { Kernel } from '../engine/kernel.ts';
import { Stream, UniformStream } from '../engine/rng.ts';
import { BootDelays } from './boot-delay.ts';
import type { EventQueue } from './event-queue.ts';
import type { Ledger } from './ledger.ts';
import type { Scenario } from './types.ts';

/** One rented VM, from the decision to launch it to its end. */
export interface Machine {
  offer: number;
  state: 'booting' | 'ready' | 'draining' | 'gone';
  /** From here it costs; null while launch attempts fail. */
  launchedS: number | null;
  /** The kernel's number while it serves. */
  vm: number;
}

export type MachineEvent =
  | { kind: 'launch'; machine: Machine }
  | { kind: 'ready'; machine: Machine }
  | { kind: 'notice'; machine: Machine }
  | { kind: 'kill'; machine: Machine };

/**
 * The rented VMs of one replication: launch (which may fail and be repeated), boot, serve, drain, end; spot VMs may be given notice.
 *
 * A VM costs from launch to termination. A draining one gets no new work and ends when it is empty; a booting one that is no
 * longer wanted ends at once.
 */
export class Machines {
  private readonly scenario: Scenario;
  private readonly offers: readonly Offer[];
  private readonly kernel: Kernel;
  private readonly ledger: Ledger;
  private readonly events: EventQueue<MachineEvent | { kind: string }>;
  private readonly boots: BootDelays;
  private readonly random: UniformStream;
  private readonly live = new Set<Machine>();
  private readonly byVm = new Map<number, Machine>();
  private capacityPerS = 0;
  private workSettled = 0;
  private settledS: number;

  constructor(
    scenario: Scenario,
    kernel: Kernel,
    ledger: Ledger,
    events: EventQueue<MachineEvent | { kind: string }>,
    seed: number,
    replication: number,
  ) {
    this.scenario = scenario;
    this.offers = scenario.offers;
    this.kernel = kernel;
    this.ledger = ledger;
    this.events = events;
    this.boots = new BootDelays(scenario, seed, replication);
    this.random = new UniformStream(seed, replication, Stream.cloud);
    this.settledS = kernel.nowS;
    kernel.onEmpty = (vm, nowS) => {
      this.settle(nowS);
      this.capacityPerS = kernel.fleet.capacityPerS;
      this.end(this.byVm.get(vm)!, nowS);
    };
  }

  /** VMs per offer in a state. */
  count(state: 'booting' | 'ready'): number[] {
    const counts = this.offers.map(() => 0);
    for (const machine of this.live) if (machine.state === state) counts[machine.offer]!++;
    return counts;
  }

  /** Per VM of an offer in a state: the seconds left of its paid hour. */
  paidS(offer: number, state: 'booting' | 'ready', nowS: number): number[] {
    return [...this.live]
      .filter((m) => m.offer === offer && m.state === state)
      .map((m) => remainingRentalS(1000 * (m.launchedS ?? nowS), 1000 * nowS));
  }

  /** Rents `count` more VMs; `instantly` for the fleet that is there at the start. Call `kernel.fleetChanged` after instant ones. */
  launch(offer: number, count: number, nowS: number, instantly = false): void {
    for (let i = 0; i < count; i++) {
      const machine: Machine = { offer, state: 'booting', launchedS: null, vm: -1 };
      this.live.add(machine);
      if (instantly) {
        machine.launchedS = nowS;
        this.becomeReady(machine, nowS);
        continue;
      }
      const failures = this.scenario.launchFailures;
      let atS = nowS;
      while (failures && this.random.next() < failures.probability) atS += failures.retryS;
      if (atS === nowS) this.start(machine, nowS);
      else this.events.push(atS, { kind: 'launch', machine });
    }
  }

  /** Gives up `count` VMs of an offer, as the scaler chooses them. */
  drain(offer: number, count: number, nowS: number): void {
    const { present } = this.kernel.fleet;
    const byId = new Map<string, Machine>();
    for (const machine of this.live) if (machine.state !== 'draining') byId.set(String(byId.size), machine);
    const candidates = [...byId].map(([vmId, machine]) => ({
      vmId,
      offerId: this.offers[machine.offer]!.id,
      state: machine.state === 'booting' ? ('starting' as const) : ('ready' as const),
      tasks: machine.state === 'booting' ? null : present[machine.vm]!,
      launchedAtMs: 1000 * (machine.launchedS ?? nowS),
    }));
    const { billing = 'per-second' } = this.scenario;
    const chosen = chooseDrains(candidates, this.offers[offer]!.id, count, billing, 1000 * nowS);
    this.settle(nowS);
    for (const vmId of chosen) {
      const machine = byId.get(vmId)!;
      if (machine.state === 'booting') this.end(machine, nowS);
      else {
        machine.state = 'draining';
        this.kernel.cordon(machine.vm);
      }
    }
    this.capacityPerS = this.kernel.fleet.capacityPerS;
    this.kernel.fleetChanged();
  }

  handle(event: MachineEvent, nowS: number): void {
    const { machine } = event;
    if (machine.state === 'gone') return;
    switch (event.kind) {
      case 'launch':
        this.start(machine, nowS);
        break;
      case 'ready':
        this.becomeReady(machine, nowS);
        this.kernel.fleetChanged();
        break;
      case 'notice':
        this.events.push(nowS + (this.scenario.spotInterruption?.noticeS ?? 120), { kind: 'kill', machine });
        if (machine.state === 'booting') this.end(machine, nowS);
        else if (machine.state === 'ready') {
          this.settle(nowS);
          machine.state = 'draining';
          this.kernel.cordon(machine.vm);
          this.capacityPerS = this.kernel.fleet.capacityPerS;
          this.kernel.fleetChanged();
        }
        break;
      case 'kill':
        this.settle(nowS);
        this.kernel.kill(machine.vm);
        this.capacityPerS = this.kernel.fleet.capacityPerS;
        this.end(machine, nowS);
        this.kernel.fleetChanged();
        break;
    }
  }

  /** Books work and capacity up to now; called at slot boundaries too, so that each span lies in one slot. */
  settle(nowS: number): void {
    const work = this.kernel.workDone;
    this.ledger.used(this.settledS, nowS, this.capacityPerS, work - this.workSettled);
    this.workSettled = work;
    this.settledS = nowS;
  }

  /** The simulation is over: what still runs is billed up to here. */
  close(nowS: number): void {
    for (const machine of this.live) this.bill(machine, nowS, true);
    this.live.clear();
  }

  private start(machine: Machine, nowS: number): void {
    machine.launchedS = nowS;
    this.ledger.launched(nowS);
    this.events.push(nowS + this.boots.next(machine.offer), { kind: 'ready', machine });
  }

  private becomeReady(machine: Machine, nowS: number): void {
    const { kernel, scenario } = this;
    const offer = this.offers[machine.offer]!;
    this.settle(nowS);
    machine.state = 'ready';
    machine.vm = kernel.addVm({
      coreRatePerS: offer.serviceRatePerS / offer.cores,
      cores: offer.cores,
      sharingLimit: offer.sharingLimit,
      networkS: offer.networkS,
      queueLimit: scenario.queueLimit ?? Number.POSITIVE_INFINITY,
    });
    this.byVm.set(machine.vm, machine);
    this.capacityPerS = kernel.fleet.capacityPerS;
    const spot = scenario.spotInterruption;
    if (spot && offer.purchaseOption === 'spot' && spot.ratePerHour > 0) {
      const lifeS = (-Math.log(this.random.next()) * 3600) / spot.ratePerHour;
      this.events.push(nowS + lifeS, { kind: 'notice', machine });
    }
  }

  private end(machine: Machine, nowS: number): void {
    machine.state = 'gone';
    this.live.delete(machine);
    if (machine.vm >= 0) this.byVm.delete(machine.vm);
    this.bill(machine, nowS, false);
  }

  private bill(machine: Machine, endS: number, stillRunning: boolean): void {
    if (machine.launchedS === null) return;
    const { priceUsdPerHour } = this.offers[machine.offer]!;
    this.ledger.rented(machine.launchedS, endS, machine.offer, priceUsdPerHour, stillRunning);
  }
}
