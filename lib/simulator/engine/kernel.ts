import type { ArrivalSource } from './arrivals.ts';
import { Fleet, grown, type VmSpec } from './fleet.ts';
import type { Dispatcher } from './policies/dispatcher.ts';
import type { Recorder } from './recorder.ts';
import { TaskQueue, TaskTable } from './tasks.ts';

export interface KernelOptions {
  /** Time that each hand-over between VMs adds to the response, seconds. */
  handoffS: number;
  /** Most requests present in the whole pool; further ones are refused. */
  poolLimit: number;
}

/**
 * Discrete events of one pool: arrivals, departures and the dispatcher's timer. What differs between service
 * distributions (when the next task leaves, and which one) is left to the two subclasses.
 *
 * Lifecycle: construct, add VMs, set `dispatcher` and `arrivals`, then alternate `run` with changes of the fleet. A cordoned VM is
 * removed by the kernel the moment it is empty (see `onEmpty`).
 */
export abstract class Kernel {
  nowS = 0;
  /** Arrivals taken so far, refused ones included. */
  arrivalCount = 0;
  /** Work done so far, in mean demands. */
  workDone = 0;
  /** Integral of the number present over time, request-seconds. */
  presentArea = 0;
  /** Requests in the pool now. */
  presentCount = 0;
  /** Called when a cordoned VM has become empty and is gone. */
  onEmpty: (vm: number, nowS: number) => void = () => {};
  readonly fleet = new Fleet();
  readonly tasks = new TaskTable();
  protected readonly inService: Int32Array[] = [];
  protected readonly waiting: TaskQueue[] = [];
  protected readonly recorder: Recorder;
  protected readonly handoffS: number;
  protected readonly poolLimit: number;
  protected dispatcher!: Dispatcher;
  private source!: ArrivalSource;
  protected nextArrivalS = Number.POSITIVE_INFINITY;
  /** Sum of the rates at which the VMs work now. */
  protected busyRate = 0;

  constructor(recorder: Recorder, options: KernelOptions) {
    this.recorder = recorder;
    this.handoffS = options.handoffS;
    this.poolLimit = options.poolLimit;
  }

  use(dispatcher: Dispatcher, source: ArrivalSource): void {
    this.dispatcher = dispatcher;
    this.source = source;
    this.nextArrivalS = source.next();
    this.fleetChanged();
  }

  /** Adds an empty VM that may be given work once `fleetChanged` has been called. */
  addVm(spec: VmSpec): number {
    const vm = this.fleet.add(spec);
    this.inService[vm] ??= new Int32Array(8);
    this.waiting[vm] ??= new TaskQueue();
    this.resetVm(vm);
    return vm;
  }

  /** Stops giving new work to a VM; it is removed when empty, which may be at once. Call `fleetChanged` after the last change. */
  cordon(vm: number): void {
    this.fleet.cordon(vm);
    if (this.fleet.present[vm] === 0) this.removeEmpty(vm);
  }

  /** Takes a VM away with all its tasks, which are lost. Call `fleetChanged` afterwards. */
  kill(vm: number): void {
    const { fleet, tasks } = this;
    const inService = Math.min(fleet.present[vm]!, fleet.sharingLimit[vm]!);
    const drop = (task: number) => {
      const slot = tasks.slot[task]!;
      if (slot >= 0) this.recorder.lose(slot, 1);
      tasks.give(task);
    };
    this.settleWork(vm);
    for (let i = 0; i < inService; i++) drop(this.inService[vm]![i]!);
    while (this.waiting[vm]!.length > 0) drop(this.waiting[vm]!.shift());
    this.presentCount -= fleet.present[vm]!;
    this.busyRate -= this.rateAt(vm, fleet.present[vm]!);
    fleet.present[vm] = 0;
    fleet.remove(vm);
    this.resetVm(vm);
  }

  /** Replaces the dispatcher between two runs. */
  switchDispatcher(dispatcher: Dispatcher): void {
    this.dispatcher = dispatcher;
  }

  /** Tells the dispatcher what rate to expect. */
  expectRate(arrivalRatePerS: number): void {
    this.dispatcher.expectRate(arrivalRatePerS);
  }

  /** To be called after any change of the fleet, before the next `run`. */
  fleetChanged(): void {
    this.dispatcher.fleetChanged(this.nowS);
    this.departuresChanged();
  }

  /** Runs until the clock reaches `untilS` or `arrivals` further requests have arrived, whichever comes first. */
  abstract run(untilS: number, arrivals: number): void;

  /** The VM starts empty: forget departures planned for it. */
  protected abstract resetVm(vm: number): void;
  protected abstract departuresChanged(): void;
  protected abstract settleWork(vm: number): void;

  protected advanceSource(): number {
    this.nextArrivalS = this.source.next();
    return this.nextArrivalS;
  }

  protected removeEmpty(vm: number): void {
    this.fleet.remove(vm);
    this.resetVm(vm);
    this.onEmpty(vm, this.nowS);
  }

  /** Rate of the VM with `present` requests, requests of mean demand per second. */
  protected rateAt(vm: number, present: number): number {
    const { parallelism, coreRate } = this.fleet;
    return Math.min(present, parallelism[vm]!) * coreRate[vm]!;
  }

  /** Room for one more task in service at `vm`. */
  protected serviceRoom(vm: number, needed: number): Int32Array {
    let list = this.inService[vm]!;
    if (needed > list.length) {
      list = grown(list as Int32Array<ArrayBuffer>, list.length * 2);
      this.inService[vm] = list;
    }
    return list;
  }

  /** Books one arrival at `nowS`. @returns the task, or -1 when it was refused; `chosen` holds its VM */
  protected admit(): number {
    const { fleet, recorder, tasks } = this;
    this.arrivalCount++;
    const vm = this.presentCount < this.poolLimit ? this.dispatcher.choose(this.nowS) : -1;
    this.chosen = vm;
    if (vm < 0) {
      recorder.refuse();
      return -1;
    }
    const handoffs = this.dispatcher.handoffs;
    recorder.accepted(handoffs);
    const task = tasks.take();
    tasks.arrivedS[task] = this.nowS;
    tasks.extraS[task] = fleet.networkS[vm]! + handoffs * this.handoffS;
    tasks.slot[task] = recorder.slot;
    this.presentCount++;
    return task;
  }
  protected chosen = -1;
}
