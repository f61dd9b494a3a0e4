import { splitArrivalRate } from '../../../domain/queueing/static-split.ts';
import { capacityOf, type Station } from '../../../domain/queueing/station.ts';
import { AliasTable } from '../alias-table.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';

/** Draws made before the VMs with room are looked for one by one. */
const REDRAWS = 8;

/** A static random split: even, by capacity, or the square-root rule, over the VMs with room. */
export class StaticSplitDispatcher extends PlainDispatcher {
  private table: AliasTable | undefined;
  private shares: Float64Array = new Float64Array(0);
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly policy: 'even' | 'capacity' | 'sqrt';
  /** Arrival rate that the `sqrt` rule is computed for. */
  private arrivalRatePerS: number;

  constructor(fleet: Fleet, random: UniformStream, policy: 'even' | 'capacity' | 'sqrt', arrivalRatePerS: number) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.policy = policy;
    this.arrivalRatePerS = arrivalRatePerS;
    this.fleetChanged();
  }

  choose(): number {
    const { fleet, table } = this;
    if (table === undefined) return -1;
    for (let attempt = 0; attempt < REDRAWS; attempt++) {
      const vm = fleet.eligible[table.pick(this.random.next())]!;
      if (fleet.present[vm]! < fleet.limit[vm]!) return vm;
    }
    return this.chooseWithRoom();
  }

  /** The same draw among the VMs with room, when redrawing does not find one. */
  private chooseWithRoom(): number {
    const { fleet, shares } = this;
    let total = 0;
    let chosen = -1;
    for (let e = 0; e < fleet.eligibleCount; e++) {
      const vm = fleet.eligible[e]!;
      const share = shares[e]!;
      if (share === 0 || fleet.present[vm]! >= fleet.limit[vm]!) continue;
      total += share;
      if (this.random.next() * total < share) chosen = vm;
    }
    return chosen;
  }

  override expectRate(arrivalRatePerS: number): void {
    this.arrivalRatePerS = arrivalRatePerS;
    if (this.policy === 'sqrt') this.fleetChanged();
  }

  override fleetChanged(): void {
    const { fleet } = this;
    const stations = Array.from(fleet.eligible.subarray(0, fleet.eligibleCount), (vm) => stationAt(fleet, vm));
    // Without load, and without a stable split, the square-root rule is the capacity split.
    const idle = this.arrivalRatePerS <= 0 || this.arrivalRatePerS >= capacityOf(stations);
    const policy = this.policy === 'sqrt' && idle ? 'capacity' : this.policy;
    this.shares = Float64Array.from(splitArrivalRate(stations, idle ? 1 : this.arrivalRatePerS, policy), (rate) =>
      idle ? rate : rate / this.arrivalRatePerS,
    );
    this.table = stations.length === 0 ? undefined : new AliasTable(this.shares);
  }
}

function stationAt(fleet: Fleet, vm: number): Station {
  return {
    coreRatePerS: fleet.coreRate[vm]!,
    servers: fleet.parallelism[vm]!,
    sharingLimit: fleet.sharingLimit[vm]!,
    capacityPerS: fleet.maxRate(vm),
    networkS: fleet.networkS[vm]!,
    count: 1,
  };
}

/** Each of `dispatchers` front-ends sends its requests to the next VM in turn that has room; a request comes to a front-end at random. */
export class RoundRobinDispatcher extends PlainDispatcher {
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly turn: Int32Array;

  constructor(fleet: Fleet, random: UniformStream, dispatchers: number) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.turn = new Int32Array(dispatchers);
  }

  choose(): number {
    const { fleet, turn } = this;
    if (fleet.eligibleCount === 0) return -1;
    const front = turn.length === 1 ? 0 : this.random.below(turn.length);
    let at = turn[front]!;
    for (let step = 0; step < fleet.eligibleCount; step++) {
      if (at >= fleet.eligibleCount) at = 0;
      const vm = fleet.eligible[at++]!;
      turn[front] = at;
      if (fleet.present[vm]! < fleet.limit[vm]!) return vm;
    }
    return -1;
  }
}
