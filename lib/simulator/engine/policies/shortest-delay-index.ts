import { delayIndex } from '../../../domain/dispatch/delay-index.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';

/** VMs alike to a dispatcher, in buckets by how far they are beyond one task per core. */
interface VmClass {
  coreRate: number;
  parallelism: number;
  networkS: number;
  limit: number;
  /** buckets[level] = VMs with max(0, present + 1 - parallelism) = level. */
  buckets: number[][];
  lowest: number;
}

/**
 * Finds a VM of least delay index, ties uniform, at a cost that does not grow with the number of VMs: within a class of equal VMs
 * by bucket (an arrival or departure moves a VM one bucket), over classes by a tournament tree. Holds its own view of the
 * occupancy, which for stale policies differs from the truth.
 */
export class ShortestDelayIndex {
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private classes: VmClass[] = [];
  private classOf = new Int32Array(16).fill(-1);
  private level = new Int32Array(16);
  private at = new Int32Array(16);
  /** Tournament over classes: least delay, and how many VMs have it; leaf k at `leaves + k`. */
  private leaves = 1;
  private delay = new Float64Array(2).fill(Number.POSITIVE_INFINITY);
  private ties = new Int32Array(2);

  constructor(fleet: Fleet, random: UniformStream) {
    this.fleet = fleet;
    this.random = random;
  }

  /** Builds the index anew over the eligible VMs; `view[vm]` is the occupancy believed. O(VMs). */
  rebuild(view: Int32Array): void {
    const { fleet } = this;
    const byKey = new Map<string, number>();
    this.classes = [];
    if (this.classOf.length < fleet.present.length) {
      this.classOf = new Int32Array(fleet.present.length);
      this.level = new Int32Array(fleet.present.length);
      this.at = new Int32Array(fleet.present.length);
    }
    this.classOf.fill(-1);
    for (let e = 0; e < fleet.eligibleCount; e++) {
      const vm = fleet.eligible[e]!;
      const fresh: VmClass = {
        coreRate: fleet.coreRate[vm]!,
        parallelism: fleet.parallelism[vm]!,
        networkS: fleet.networkS[vm]!,
        limit: fleet.limit[vm]!,
        buckets: [],
        lowest: 0,
      };
      const key = `${fresh.coreRate} ${fresh.parallelism} ${fresh.networkS} ${fresh.limit}`;
      let k = byKey.get(key);
      if (k === undefined) {
        k = this.classes.length;
        byKey.set(key, k);
        this.classes.push(fresh);
      }
      this.classOf[vm] = k;
      this.insert(this.classes[k]!, vm, levelOf(view[vm]!, fresh.parallelism));
    }
    this.leaves = 1;
    while (this.leaves < this.classes.length) this.leaves *= 2;
    this.delay = new Float64Array(2 * this.leaves).fill(Number.POSITIVE_INFINITY);
    this.ties = new Int32Array(2 * this.leaves);
    for (let k = 0; k < this.classes.length; k++) {
      this.classes[k]!.lowest = 0;
      this.settle(k);
    }
  }

  /** A VM of least delay index, or -1 when every VM is full (or there is none). */
  choose(): number {
    const { delay, ties, leaves } = this;
    const least = delay[1]!;
    if (least === Number.POSITIVE_INFINITY) return -1;
    const count = ties[1]!;
    let rank = count > 1 ? this.random.below(count) : 0;
    let i = 1;
    while (i < leaves) {
      i *= 2;
      if (delay[i] !== least) i++;
      else if (rank >= ties[i]!) rank -= ties[i++]!;
    }
    const chosen = this.classes[i - leaves]!;
    return chosen.buckets[chosen.lowest]![rank]!;
  }

  /** The believed occupancy of a VM is now `present`. VMs that are not eligible are ignored. */
  update(vm: number, present: number): void {
    const k = this.classOf[vm]!;
    if (k < 0) return;
    const own = this.classes[k]!;
    const to = levelOf(present, own.parallelism);
    const from = this.level[vm]!;
    if (to === from) return;
    const bucket = own.buckets[from]!;
    const last = bucket.pop()!;
    if (last !== vm) {
      const hole = this.at[vm]!;
      bucket[hole] = last;
      this.at[last] = hole;
    }
    this.insert(own, vm, to);
    if (to < own.lowest) own.lowest = to;
    this.settle(k);
  }

  private insert(own: VmClass, vm: number, level: number): void {
    while (own.buckets.length <= level) own.buckets.push([]);
    const bucket = own.buckets[level]!;
    this.at[vm] = bucket.length;
    this.level[vm] = level;
    bucket.push(vm);
  }

  /** Finds the class's lowest occupied bucket and carries its delay up the tournament. */
  private settle(k: number): void {
    const own = this.classes[k]!;
    while (own.lowest < own.buckets.length && own.buckets[own.lowest]!.length === 0) own.lowest++;
    const present = own.lowest + own.parallelism - 1;
    const full = own.lowest >= own.buckets.length || present >= own.limit;
    const { delay, ties } = this;
    let i = this.leaves + k;
    // Rounded, so that delays equal on paper (1/10 and 2/20) are equal here and tie.
    delay[i] = full
      ? Number.POSITIVE_INFINITY
      : rounded(delayIndex(present, own.coreRate, own.parallelism, own.networkS));
    ties[i] = full ? 0 : own.buckets[own.lowest]!.length;
    for (i >>= 1; i >= 1; i >>= 1) {
      const a = delay[2 * i]!;
      const b = delay[2 * i + 1]!;
      delay[i] = Math.min(a, b);
      ties[i] = (a <= b ? ties[2 * i]! : 0) + (b <= a ? ties[2 * i + 1]! : 0);
    }
  }
}

function levelOf(present: number, parallelism: number): number {
  const level = present + 1 - parallelism;
  return Math.max(level, 0);
}

/** Rounds to 2^-40 s (about a picosecond): far below any difference that matters, far above rounding errors. */
function rounded(seconds: number): number {
  return Math.round(seconds * 2 ** 40);
}
