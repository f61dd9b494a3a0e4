import { staticSplit } from '../../../domain/dispatch/static-split.ts';
import { AliasTable } from '../alias-table.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';

/** A static random split: even, by capacity, or the square-root rule. */
export class StaticSplitDispatcher extends PlainDispatcher {
  private table: AliasTable | undefined;
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly policy: 'even' | 'capacity' | 'sqrt';
  /** Arrival rate that the `sqrt` rule is computed for; update it and call `fleetChanged` when the rate changes. */
  arrivalRatePerS: number;

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
    const vm = fleet.eligible[table.pick(this.random.next())]!;
    return fleet.present[vm]! < fleet.limit[vm]! ? vm : -1;
  }

  override fleetChanged(): void {
    const { fleet } = this;
    const vms = Array.from(fleet.eligible.subarray(0, fleet.eligibleCount), (vm) => ({
      serviceRatePerS: fleet.maxRate(vm),
    }));
    this.table = vms.length === 0 ? undefined : new AliasTable(staticSplit(this.policy, vms, this.arrivalRatePerS));
  }
}

/** Each of `dispatchers` front-ends sends its requests to the VMs in turn; a request comes to a front-end at random. */
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
    const at = turn[front]! < fleet.eligibleCount ? turn[front]! : 0;
    turn[front] = at + 1;
    const vm = fleet.eligible[at]!;
    return fleet.present[vm]! < fleet.limit[vm]! ? vm : -1;
  }
}
