import { grown, grownFloat } from './fleet.ts';

/** The requests present in the pool, as parallel typed arrays with a free list; a task is a row number. */
export class TaskTable {
  arrivedS = new Float64Array(256);
  startedS = new Float64Array(256);
  /** Network and hand-over time of the request, seconds. */
  extraS = new Float64Array(256);
  /** Service demand in mean demands (general kernel). */
  demand = new Float64Array(256);
  /** The VM's virtual time at which the task will be done (general kernel). */
  finishAt = new Float64Array(256);
  slot = new Int32Array(256);
  private free = new Int32Array(256);
  private freeCount = 0;
  private size = 0;

  take(): number {
    if (this.freeCount > 0) return this.free[--this.freeCount]!;
    if (this.size === this.slot.length) this.grow();
    return this.size++;
  }

  give(task: number): void {
    this.free[this.freeCount++] = task;
  }

  private grow(): void {
    const size = this.slot.length * 2;
    this.arrivedS = grownFloat(this.arrivedS, size);
    this.startedS = grownFloat(this.startedS, size);
    this.extraS = grownFloat(this.extraS, size);
    this.demand = grownFloat(this.demand, size);
    this.finishAt = grownFloat(this.finishAt, size);
    this.slot = grown(this.slot, size);
    this.free = grown(this.free, size);
  }
}

/** First-come-first-served queue of task numbers: a ring that grows by doubling. */
export class TaskQueue {
  length = 0;
  private ring = new Int32Array(16);
  private head = 0;

  push(task: number): void {
    if (this.length === this.ring.length) {
      const bigger = new Int32Array(2 * this.length);
      for (let i = 0; i < this.length; i++) bigger[i] = this.ring[(this.head + i) & (this.ring.length - 1)]!;
      this.ring = bigger;
      this.head = 0;
    }
    this.ring[(this.head + this.length++) & (this.ring.length - 1)] = task;
  }

  /** The oldest task; call only when `length` > 0. */
  shift(): number {
    const task = this.ring[this.head]!;
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.length--;
    return task;
  }
}
