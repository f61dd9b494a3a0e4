import { handOffAt } from '../../../domain/dispatch/hand-off.ts';
import type { SessionParameters } from '../../../domain/queueing/types.ts';
import { AliasTable } from '../alias-table.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';

/** Draws that hit a VM already drawn before the rest is looked through one by one. */
const REDRAWS = 12;

/**
 * The session mode: a ticket names `candidates` VMs; the request goes to the first, and a VM that already holds `threshold` or more
 * hands it to the next (`handOffAt`). When all of them do, the last one keeps it. Candidates are drawn by service rate without replacement, as
 * `domain/dispatch/session-candidates.ts` draws them (its turn for the first is, over many tickets, the same share).
 * One draw per request stands for many devices with one ticket each.
 */
export class SessionDispatcher extends PlainDispatcher {
  override handoffs = 0;
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly candidates: number;
  private readonly threshold: number;
  private table: AliasTable | undefined;
  /** Number of the draw that last took a VM. */
  private drawnIn = new Int32Array(0);
  private draw = 0;

  constructor(fleet: Fleet, random: UniformStream, { candidates, threshold }: SessionParameters) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.candidates = candidates;
    this.threshold = threshold;
    this.fleetChanged();
  }

  choose(): number {
    const { threshold } = this;
    const { present, limit, parallelism, eligibleCount } = this.fleet;
    const candidates = Math.min(this.candidates, eligibleCount);
    this.draw += 1;
    let keeper = -1;
    for (let i = 0; i < candidates; i++) {
      // The VM drawn second comes last.
      if (i === 1) keeper = this.next();
      const last = i > 0 && i === candidates - 1;
      const vm = last ? keeper : this.next();
      this.handoffs = i;
      if (present[vm]! >= limit[vm]!) continue;
      if (last || candidates === 1 || present[vm]! < handOffAt(threshold, parallelism[vm]!)) return vm;
    }
    return -1;
  }

  override fleetChanged(): void {
    const { fleet } = this;
    this.drawnIn = new Int32Array(fleet.present.length);
    this.draw = 0;
    this.table =
      fleet.eligibleCount === 0
        ? undefined
        : new AliasTable(
            Float64Array.from({ length: fleet.eligibleCount }, (_, e) => fleet.maxRate(fleet.eligible[e]!)),
          );
  }

  /** A VM not yet drawn, by service rate: drawing again what was drawn before is the same as drawing from the rest. */
  private next(): number {
    const { fleet, drawnIn, draw } = this;
    for (let attempt = 0; attempt < REDRAWS; attempt++) {
      const vm = fleet.eligible[this.table!.pick(this.random.next())]!;
      if (drawnIn[vm] === draw) continue;
      drawnIn[vm] = draw;
      return vm;
    }
    let total = 0;
    let chosen = -1;
    for (let e = 0; e < fleet.eligibleCount; e++) {
      const vm = fleet.eligible[e]!;
      if (drawnIn[vm] === draw) continue;
      const rate = fleet.maxRate(vm);
      total += rate;
      if (this.random.next() * total < rate) chosen = vm;
    }
    drawnIn[chosen] = draw;
    return chosen;
  }
}
