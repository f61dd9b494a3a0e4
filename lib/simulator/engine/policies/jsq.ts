import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';
import { ShortestDelayIndex } from './shortest-delay-index.ts';

/** Join the shortest queue on the true occupancy: least delay index, ties uniform. */
export class JsqDispatcher extends PlainDispatcher {
  private readonly fleet: Fleet;
  private readonly index: ShortestDelayIndex;

  constructor(fleet: Fleet, random: UniformStream) {
    super();
    this.fleet = fleet;
    this.index = new ShortestDelayIndex(fleet, random);
    this.fleetChanged();
  }

  choose(): number {
    return this.index.choose();
  }
  override arrived(vm: number): void {
    this.index.update(vm, this.fleet.present[vm]!);
  }
  override departed(vm: number): void {
    this.index.update(vm, this.fleet.present[vm]!);
  }
  override fleetChanged(): void {
    this.index.rebuild(this.fleet.present);
  }
}
