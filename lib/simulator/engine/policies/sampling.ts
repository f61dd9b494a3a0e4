import { delayIndex } from '../../../domain/dispatch/delay-index.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';

/** Draws distinct eligible VMs in random order by a partial Fisher-Yates shuffle of its own list. */
class DistinctDraw {
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private order = new Int32Array(0);
  constructor(fleet: Fleet, random: UniformStream) {
    this.fleet = fleet;
    this.random = random;
    this.reset();
  }
  reset(): void {
    this.order = this.fleet.eligible.slice(0, this.fleet.eligibleCount);
  }
  get count(): number {
    return this.order.length;
  }
  /** The `i`-th VM of the current draw; ask for 0, 1, 2, ... in order. */
  draw(i: number): number {
    const { order } = this;
    const left = order.length - i;
    const j = left > 1 ? i + this.random.below(left) : i;
    const vm = order[j]!;
    order[j] = order[i]!;
    order[i] = vm;
    return vm;
  }
}

/** Power of d choices: the least delay index among `choices` VMs drawn at random (Mitzenmacher 2001); the first drawn wins a tie. */
export class PowerOfChoicesDispatcher extends PlainDispatcher {
  private readonly fleet: Fleet;
  private readonly choices: number;
  private readonly drawn: DistinctDraw;

  constructor(fleet: Fleet, random: UniformStream, choices: number) {
    super();
    this.fleet = fleet;
    this.choices = choices;
    this.drawn = new DistinctDraw(fleet, random);
  }

  choose(): number {
    const { present, limit, coreRate, parallelism, networkS } = this.fleet;
    const choices = Math.min(this.choices, this.drawn.count);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < choices; i++) {
      const vm = this.drawn.draw(i);
      if (present[vm]! >= limit[vm]!) continue;
      const delay = delayIndex(present[vm]!, coreRate[vm]!, parallelism[vm]!, networkS[vm]!);
      if (delay < least) {
        least = delay;
        best = vm;
      }
    }
    return best;
  }
  override fleetChanged(): void {
    this.drawn.reset();
  }
}
