import { AliasTable } from './alias-table.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import type { Recorder } from './recorder.ts';
import { ExponentialStream, Stream, UniformStream } from './rng.ts';

/**
 * Exponential service, exactly and fast. With no memory the state is the number present per VM: a VM with n requests
 * completes one at rate min(n, c, N) μ_core, and the one that leaves is any of those in service with equal chance (they share
 * equally). Departures are found by uniformisation: one Poisson stream at the capacity of the whole fleet proposes a
 * core, and the proposal counts when that core is busy. So an event costs O(1) whatever the number of VMs, and two policies
 * under one seed see the same proposals.
 */
export class ExponentialKernel extends Kernel {
  private readonly gaps: ExponentialStream;
  private readonly marks: UniformStream;
  private nextProposalS = Number.POSITIVE_INFINITY;
  private proposalRate = 0;
  /** VMs that exist, and the draw among them by capacity; no table when all are alike. */
  private vms = new Int32Array(0);
  private table: AliasTable | undefined;

  constructor(recorder: Recorder, options: KernelOptions, seed: number, replication: number) {
    super(recorder, options);
    this.gaps = new ExponentialStream(seed, replication, Stream.demands);
    this.marks = new UniformStream(seed, replication, Stream.demands + 1000);
  }

  protected resetVm(): void {}
  protected settleWork(): void {}

  protected departuresChanged(): void {
    const { fleet } = this;
    const vms: number[] = [];
    for (let vm = 0; vm < fleet.size; vm++) if (fleet.alive[vm]) vms.push(vm);
    const rates = vms.map((vm) => fleet.maxRate(vm));
    this.vms = Int32Array.from(vms);
    this.table = rates.some((rate) => rate !== rates[0]) ? new AliasTable(rates) : undefined;
    this.proposalRate = rates.reduce((sum, rate) => sum + rate, 0);
    // Memoryless: the wait for the next proposal may be drawn anew at any moment.
    this.nextProposalS = this.nowS + this.gaps.next() / this.proposalRate;
  }

  run(untilS: number, arrivals: number): void {
    const { gaps, dispatcher, fleet } = this;
    let left = arrivals;
    let proposalS = this.nextProposalS;
    let arrivalS = this.nextArrivalS;
    let accruedUntilS = this.nowS;
    for (;;) {
      const timerS = dispatcher.timerS;
      if (proposalS < arrivalS && proposalS <= timerS) {
        if (proposalS > untilS) break;
        const vm = this.proposedVm();
        const present = fleet.present[vm]!;
        const parallelism = fleet.parallelism[vm]!;
        if (present > 0 && (parallelism === 1 || this.marks.next() * parallelism < present)) {
          this.nowS = proposalS;
          this.accrue(proposalS - accruedUntilS);
          accruedUntilS = proposalS;
          this.complete(vm, present, parallelism);
          if (this.changed) {
            this.changed = false;
            this.fleetChanged();
            proposalS = this.nextProposalS;
            continue;
          }
        }
        // With nothing in the pool all proposals before the next arrival are void, so skip them.
        proposalS = (this.presentCount === 0 ? arrivalS : proposalS) + gaps.next() / this.proposalRate;
      } else if (arrivalS <= timerS) {
        if (arrivalS > untilS || left-- <= 0) break;
        this.nowS = arrivalS;
        this.accrue(arrivalS - accruedUntilS);
        accruedUntilS = arrivalS;
        this.arrive();
        arrivalS = this.advanceSource();
      } else {
        if (timerS > untilS) break;
        this.nowS = timerS;
        this.accrue(timerS - accruedUntilS);
        accruedUntilS = timerS;
        dispatcher.onTimer();
      }
    }
    this.nextProposalS = proposalS;
    if (untilS !== Number.POSITIVE_INFINITY && left >= 0) {
      this.accrue(untilS - accruedUntilS);
      this.nowS = untilS;
    }
  }

  private changed = false;

  private accrue(elapsedS: number): void {
    this.workDone += this.busyRate * elapsedS;
    this.presentArea += this.presentCount * elapsedS;
  }

  private proposedVm(): number {
    const u = this.marks.next();
    return this.vms[this.table === undefined ? (u * this.vms.length) | 0 : this.table.pick(u)]!;
  }

  private arrive(): void {
    const task = this.admit();
    if (task < 0) return;
    const vm = this.chosen;
    const { fleet } = this;
    const present = fleet.present[vm]!;
    fleet.present[vm] = present + 1;
    if (present < fleet.parallelism[vm]!) this.busyRate += fleet.coreRate[vm]!;
    if (present < fleet.sharingLimit[vm]!) {
      this.tasks.startedS[task] = this.nowS;
      this.serviceRoom(vm, present + 1)[present] = task;
    } else this.waiting[vm]!.push(task);
    this.dispatcher.arrived(vm);
  }

  private complete(vm: number, present: number, parallelism: number): void {
    const { fleet, tasks, nowS } = this;
    const sharing = fleet.sharingLimit[vm]!;
    const served = Math.min(present, sharing);
    const list = this.inService[vm]!;
    const place = served > 1 ? (this.marks.next() * served) | 0 : 0;
    const task = list[place]!;
    if (present > sharing) {
      const next = this.waiting[vm]!.shift();
      tasks.startedS[next] = nowS;
      list[place] = next;
    } else list[place] = list[served - 1]!;
    fleet.present[vm] = present - 1;
    if (present <= parallelism) this.busyRate -= fleet.coreRate[vm]!;
    this.presentCount--;
    const started = tasks.startedS[task]!;
    const slot = tasks.slot[task]!;
    const waitingS = started - tasks.arrivedS[task]!;
    this.recorder.finished(slot, vm, waitingS, nowS - started, tasks.extraS[task]!);
    tasks.give(task);
    if (present === 1 && fleet.eligibleAt[vm]! < 0) {
      this.removeEmpty(vm);
      this.changed = true;
      return;
    }
    this.dispatcher.departed(vm);
  }
}
