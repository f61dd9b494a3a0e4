import type { DemandSampler } from './demand.ts';
import { grownFloat } from './fleet.ts';
import { Kernel, type KernelOptions } from './kernel.ts';
import type { Recorder } from './recorder.ts';
import { TournamentTree } from './tournament-tree.ts';

/**
 * Any service distribution. Tasks in service at a VM share equally, so each VM keeps a virtual time, the service that
 * every task in it has had; a task leaves when it reaches (virtual time at its start + its demand). The first to leave is the top of
 * a heap per VM; the first VM to see a departure is the winner of a tournament. An event costs O(log N + log VMs).
 */
export class GeneralKernel extends Kernel {
  private readonly demands: DemandSampler;
  private readonly departures = new TournamentTree(16);
  private virtual = new Float64Array(16);
  private virtualAtS = new Float64Array(16);
  private changed = false;

  constructor(recorder: Recorder, options: KernelOptions, demands: DemandSampler) {
    super(recorder, options);
    this.demands = demands;
  }

  protected resetVm(vm: number): void {
    if (vm >= this.virtual.length) {
      this.virtual = grownFloat(this.virtual, 2 * this.virtual.length);
      this.virtualAtS = grownFloat(this.virtualAtS, 2 * this.virtualAtS.length);
    }
    this.virtual[vm] = 0;
    this.virtualAtS[vm] = this.nowS;
    this.departures.set(vm, Number.POSITIVE_INFINITY);
  }

  protected departuresChanged(): void {}

  protected settleWork(vm: number): void {
    this.bringUpToDate(vm, this.fleet.present[vm]!);
  }

  run(untilS: number, arrivals: number): void {
    const { departures, dispatcher } = this;
    let left = arrivals;
    for (;;) {
      const departureS = departures.least;
      const arrivalS = this.nextArrivalS;
      const timerS = dispatcher.timerS;
      if (departureS < arrivalS && departureS <= timerS) {
        if (departureS > untilS) break;
        this.presentArea += this.presentCount * (departureS - this.nowS);
        this.nowS = departureS;
        this.complete(departures.first);
        if (this.changed) {
          this.changed = false;
          this.fleetChanged();
        }
      } else if (arrivalS <= timerS) {
        if (arrivalS > untilS || left-- <= 0) break;
        this.presentArea += this.presentCount * (arrivalS - this.nowS);
        this.nowS = arrivalS;
        this.arrive();
        this.advanceSource();
      } else {
        if (timerS > untilS) break;
        this.presentArea += this.presentCount * (timerS - this.nowS);
        this.nowS = timerS;
        dispatcher.onTimer();
      }
    }
    if (untilS !== Number.POSITIVE_INFINITY && left >= 0) {
      this.presentArea += this.presentCount * (untilS - this.nowS);
      this.nowS = untilS;
      for (let vm = 0; vm < this.fleet.size; vm++) if (this.fleet.alive[vm]) this.settleWork(vm);
    }
  }

  private arrive(): void {
    const demand = this.demands.next();
    const task = this.admit();
    if (task < 0) return;
    const vm = this.chosen;
    const { fleet, tasks } = this;
    const present = fleet.present[vm]!;
    tasks.demand[task] = demand;
    fleet.present[vm] = present + 1;
    if (present < fleet.parallelism[vm]!) this.busyRate += fleet.coreRate[vm]!;
    if (present < fleet.sharingLimit[vm]!) {
      this.bringUpToDate(vm, present);
      this.start(task, vm, present);
      this.planDeparture(vm, present + 1);
    } else this.waiting[vm]!.push(task);
    this.dispatcher.arrived(vm);
  }

  private complete(vm: number): void {
    const { fleet, tasks, nowS } = this;
    const present = fleet.present[vm]!;
    const sharing = fleet.sharingLimit[vm]!;
    const served = Math.min(present, sharing);
    const heap = this.inService[vm]!;
    const task = heap[0]!;
    this.bringUpToDate(vm, present);
    this.virtual[vm] = tasks.finishAt[task]!;
    this.sink(heap, served - 1, heap[served - 1]!);
    if (present > sharing) this.start(this.waiting[vm]!.shift(), vm, served - 1);
    fleet.present[vm] = present - 1;
    if (present <= fleet.parallelism[vm]!) this.busyRate -= fleet.coreRate[vm]!;
    this.presentCount--;
    this.planDeparture(vm, present - 1);
    const started = tasks.startedS[task]!;
    const waitingS = started - tasks.arrivedS[task]!;
    this.recorder.finished(tasks.slot[task]!, vm, waitingS, nowS - started, tasks.extraS[task]!);
    tasks.give(task);
    if (present === 1 && fleet.eligibleAt[vm]! < 0) {
      this.removeEmpty(vm);
      this.changed = true;
      return;
    }
    this.dispatcher.departed(vm);
  }

  /** Carries the VM's virtual time, and the work done, to now; `present` is the occupancy since the last event. */
  private bringUpToDate(vm: number, present: number): void {
    const elapsedS = this.nowS - this.virtualAtS[vm]!;
    this.virtualAtS[vm] = this.nowS;
    if (present === 0) {
      // An empty VM may start over, which keeps virtual times small and so precise.
      this.virtual[vm] = 0;
      return;
    }
    const rate = this.rateAt(vm, present);
    const sharing = this.fleet.sharingLimit[vm]!;
    this.workDone += rate * elapsedS;
    this.virtual[vm] = this.virtual[vm]! + (rate * elapsedS) / Math.min(present, sharing);
  }

  /** Puts a task in service as the heap's element number `served`. */
  private start(task: number, vm: number, served: number): void {
    const { finishAt } = this.tasks;
    this.tasks.startedS[task] = this.nowS;
    const key = this.virtual[vm]! + this.tasks.demand[task]!;
    finishAt[task] = key;
    const heap = this.serviceRoom(vm, served + 1);
    let i = served;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (finishAt[heap[parent]!]! <= key) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = task;
  }

  /** Replaces the heap's top by `task`, for a heap that has `length` elements afterwards. */
  private sink(heap: Int32Array, length: number, task: number): void {
    const { finishAt } = this.tasks;
    const key = finishAt[task]!;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && finishAt[heap[child + 1]!]! < finishAt[heap[child]!]!) child++;
      if (finishAt[heap[child]!]! >= key) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = task;
  }

  private planDeparture(vm: number, present: number): void {
    if (present === 0) {
      this.departures.set(vm, Number.POSITIVE_INFINITY);
      return;
    }
    const sharing = this.fleet.sharingLimit[vm]!;
    const served = Math.min(present, sharing);
    const left = this.tasks.finishAt[this.inService[vm]![0]!]! - this.virtual[vm]!;
    this.departures.set(vm, this.virtualAtS[vm]! + (left > 0 ? (left * served) / this.rateAt(vm, present) : 0));
  }
}
