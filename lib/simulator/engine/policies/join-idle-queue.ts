import { type Fleet, grown } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { TaskQueue } from '../tasks.ts';
import { PlainDispatcher } from './dispatcher.ts';

/**
 * Join-idle-queue (Lu et al., Performance Evaluation 68, 2011): a VM with an idle core signs up at one front-end, drawn at random; a
 * front-end sends a request to the VM that signed up first, or to any VM at random when none has. A VM is on one list at
 * most; on being chosen it leaves the list, and signs up again if it still has an idle core.
 */
export class JoinIdleQueueDispatcher extends PlainDispatcher {
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly lists: TaskQueue[];
  private listed = new Int32Array(16);

  constructor(fleet: Fleet, random: UniformStream, dispatchers: number) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.lists = Array.from({ length: dispatchers }, () => new TaskQueue());
    this.fleetChanged();
  }

  choose(): number {
    const { fleet, random } = this;
    if (fleet.eligibleCount === 0) return -1;
    const list = this.lists[this.front()]!;
    let vm = -1;
    while (vm < 0 && list.length > 0) {
      const first = list.shift();
      this.listed[first] = 0;
      if (fleet.eligibleAt[first]! >= 0) vm = first;
    }
    if (vm < 0) vm = fleet.eligible[random.below(fleet.eligibleCount)]!;
    return fleet.present[vm]! < fleet.limit[vm]! ? vm : -1;
  }

  override arrived(vm: number): void {
    this.signUp(vm);
  }
  override departed(vm: number): void {
    this.signUp(vm);
  }
  override fleetChanged(): void {
    const { fleet } = this;
    if (this.listed.length < fleet.present.length) this.listed = grown(this.listed, fleet.present.length);
    for (let e = 0; e < fleet.eligibleCount; e++) this.signUp(fleet.eligible[e]!);
  }

  private signUp(vm: number): void {
    const { fleet, listed } = this;
    if (listed[vm] !== 0 || fleet.present[vm]! >= fleet.parallelism[vm]! || fleet.eligibleAt[vm]! < 0) return;
    listed[vm] = 1;
    this.lists[this.front()]!.push(vm);
  }

  private front(): number {
    return this.lists.length === 1 ? 0 : this.random.below(this.lists.length);
  }
}
