import { delayIndex } from '../../../domain/dispatch/delay-index.ts';
import { drained } from '../../../domain/dispatch/occupancy.ts';
import { type Fleet, grownFloat } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';

/** What one controller believes of the VMs: a level, and when it was believed. */
interface View {
  level: Float64Array<ArrayBuffer>;
  atS: Float64Array<ArrayBuffer>;
}

/**
 * The snapshot mode: a controller's view of all VMs is refreshed every `ageS`; in between it adds what it has itself sent and takes off
 * what each VM can have finished (`drained`), as `app/pool-view.ts` does. Then the least delay index, ties uniform.
 * Controllers do not see each other's choices; a request comes to one at random. Looks at every VM per request, as the product does.
 */
export class SnapshotDispatcher extends PlainDispatcher {
  override timerS = Number.POSITIVE_INFINITY;
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly ageS: number;
  private readonly views: View[];
  private current: View;
  private nowS = 0;

  constructor(fleet: Fleet, random: UniformStream, ageS: number, controllers: number) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.ageS = ageS;
    this.views = Array.from({ length: controllers }, () => ({ level: new Float64Array(0), atS: new Float64Array(0) }));
    this.current = this.views[0]!;
  }

  choose(nowS: number): number {
    const { fleet, views, random } = this;
    this.nowS = nowS;
    this.current = views.length === 1 ? views[0]! : views[random.below(views.length)]!;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (let e = 0; e < fleet.eligibleCount; e++) {
      const vm = fleet.eligible[e]!;
      const present = this.believed(vm);
      if (present >= fleet.limit[vm]!) continue;
      const delay = delayIndex(present, fleet.coreRate[vm]!, fleet.parallelism[vm]!, fleet.networkS[vm]!);
      if (delay < least) {
        least = delay;
        best = vm;
        ties = 1;
      } else if (delay === least && random.below(++ties) === 0) best = vm;
    }
    if (best >= 0 && fleet.present[best]! >= fleet.limit[best]!) {
      this.believe(this.current, best, fleet.present[best]!);
      return -1;
    }
    return best;
  }

  override arrived(vm: number): void {
    this.believe(this.current, vm, this.believed(vm) + 1);
  }

  override onTimer(): void {
    this.nowS = this.timerS;
    for (const view of this.views) {
      for (let e = 0; e < this.fleet.eligibleCount; e++) {
        const vm = this.fleet.eligible[e]!;
        this.believe(view, vm, this.fleet.present[vm]!);
      }
    }
    this.timerS += this.ageS;
  }

  override fleetChanged(nowS: number): void {
    const { fleet } = this;
    this.nowS = nowS;
    if (this.timerS === Number.POSITIVE_INFINITY) this.timerS = nowS + this.ageS;
    for (const view of this.views) {
      if (view.level.length < fleet.present.length) {
        view.level = grownFloat(view.level, fleet.present.length);
        view.atS = grownFloat(view.atS, fleet.present.length);
      }
      // A VM that is new is known to be empty; the others keep what was believed of them.
      for (let vm = 0; vm < fleet.size; vm++) if (fleet.present[vm] === 0) this.believe(view, vm, 0);
    }
  }

  private believed(vm: number): number {
    const { level, atS } = this.current;
    return drained(level[vm]!, 1000 * (this.nowS - atS[vm]!), this.fleet.maxRate(vm));
  }

  private believe(view: View, vm: number, present: number): void {
    view.level[vm] = present;
    view.atS[vm] = this.nowS;
  }
}
