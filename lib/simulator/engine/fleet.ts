/** One VM as the engine sees it. */
export interface VmSpec {
  /** Requests of mean demand per second of one core. */
  coreRatePerS: number;
  cores: number;
  sharingLimit: number;
  networkS: number;
  /** Requests that may wait beyond `sharingLimit`; Infinity = no limit. */
  queueLimit: number;
}

/** Largest occupancy the engine distinguishes; stands for "no limit". */
const UNLIMITED = 0x3fffffff;

/**
 * The VMs of one pool as parallel typed arrays, indexed by a VM number that is reused once its VM is gone.
 *
 * Lifecycle of a VM: `add` → eligible for new work; `cordon` → keeps what it has, gets nothing new; `remove` → gone (the
 * kernel calls it when the VM is empty or is taken away). `eligible[0..eligibleCount)` lists the VMs that take new work.
 */
export class Fleet {
  /** Requests present: in service and waiting. */
  present = new Int32Array(16);
  /** Most requests that may be present. */
  limit = new Int32Array(16);
  /** min(cores, sharingLimit). */
  parallelism = new Int32Array(16);
  sharingLimit = new Int32Array(16);
  coreRate = new Float64Array(16);
  networkS = new Float64Array(16);
  eligible = new Int32Array(16);
  eligibleCount = 0;
  /** Position in `eligible`, -1 when not eligible. */
  eligibleAt = new Int32Array(16).fill(-1);
  readonly alive: boolean[] = [];
  /** Σ min(c, N) μ_core over all VMs that exist, cordoned ones included. */
  capacityPerS = 0;
  private readonly free: number[] = [];

  /** Number of VM indices in use so far; indices run from 0 to here. */
  get size(): number {
    return this.alive.length;
  }

  add(spec: VmSpec): number {
    const vm = this.free.pop() ?? this.alive.length;
    if (vm === this.present.length) this.grow();
    this.alive[vm] = true;
    this.present[vm] = 0;
    this.sharingLimit[vm] = Math.min(spec.sharingLimit, UNLIMITED);
    this.limit[vm] = Math.min(spec.sharingLimit + spec.queueLimit, UNLIMITED);
    this.parallelism[vm] = Math.min(spec.cores, spec.sharingLimit);
    this.coreRate[vm] = spec.coreRatePerS;
    this.networkS[vm] = spec.networkS;
    this.eligible[this.eligibleCount] = vm;
    this.eligibleAt[vm] = this.eligibleCount++;
    this.capacityPerS += this.parallelism[vm]! * spec.coreRatePerS;
    return vm;
  }

  /** Takes a VM out of `eligible`; true when it was in. */
  cordon(vm: number): boolean {
    const at = this.eligibleAt[vm]!;
    if (at < 0) return false;
    const last = this.eligible[--this.eligibleCount]!;
    this.eligible[at] = last;
    this.eligibleAt[last] = at;
    this.eligibleAt[vm] = -1;
    return true;
  }

  remove(vm: number): void {
    if (!this.alive[vm]) throw new RangeError(`VM ${vm} is not alive: it was removed before`);
    this.cordon(vm);
    this.alive[vm] = false;
    this.capacityPerS -= this.maxRate(vm);
    this.free.push(vm);
  }

  /** Rate of a VM with all its usable cores busy, requests per second. */
  maxRate(vm: number): number {
    return this.parallelism[vm]! * this.coreRate[vm]!;
  }

  private grow(): void {
    const size = this.present.length * 2;
    this.present = grown(this.present, size);
    this.limit = grown(this.limit, size);
    this.parallelism = grown(this.parallelism, size);
    this.sharingLimit = grown(this.sharingLimit, size);
    this.eligible = grown(this.eligible, size);
    this.eligibleAt = grown(this.eligibleAt, size);
    this.coreRate = grownFloat(this.coreRate, size);
    this.networkS = grownFloat(this.networkS, size);
  }
}

export function grown(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(size);
  bigger.set(old);
  return bigger;
}

export function grownFloat(old: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(size);
  bigger.set(old);
  return bigger;
}
