import { type Fleet, grown } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import { PlainDispatcher } from './dispatcher.ts';
import { ShortestDelayIndex } from './shortest-delay-index.ts';

/** When the VMs tell the front-ends their occupancy. */
export interface ReportSchedule {
  /** Time between two reports of one VM, seconds (the mean, for `random`). */
  intervalS: number;
  /**
   * `together`: all VMs at once, which is a snapshot refreshed every `intervalS`; `staggered`: one after the other, evenly;
   * `random`: each after exponential times.
   */
  timing: 'together' | 'staggered' | 'random';
}

export interface StaleJsqOptions {
  reports: ReportSchedule;
  /** Front-ends that do not see each other's choices; a request comes to one at random. */
  dispatchers: number;
  /**
   * Whether a front-end adds the requests that it has itself sent since the last report. Then a single front-end knows an upper bound
   * of every queue: hyper-scalable JSQ (van der Boor, Borst, van Leeuwaarden, arXiv 1903.02337; `together` and `staggered` or
   * `random` are its SUJSQ and AUJSQ). Without it the view is the plain periodic snapshot of Mitzenmacher 2000, which herds.
   */
  countOwn: boolean;
}

interface FrontEnd {
  /** Occupancy that this front-end believes, by VM. */
  view: Int32Array<ArrayBuffer>;
  index: ShortestDelayIndex;
}

/**
 * Join the shortest queue on reported occupancy, which is old by up to the reporting interval. A VM that proves to be full refuses,
 * and the front-end learns its true occupancy from that.
 */
export class StaleJsqDispatcher extends PlainDispatcher {
  override timerS = 0;
  private readonly fleet: Fleet;
  private readonly random: UniformStream;
  private readonly options: StaleJsqOptions;
  private readonly fronts: FrontEnd[];
  private current: FrontEnd;
  private turn = 0;

  constructor(fleet: Fleet, random: UniformStream, options: StaleJsqOptions) {
    super();
    this.fleet = fleet;
    this.random = random;
    this.options = options;
    this.fronts = Array.from({ length: options.dispatchers }, () => ({
      view: new Int32Array(fleet.present.length),
      index: new ShortestDelayIndex(fleet, random),
    }));
    this.current = this.fronts[0]!;
    this.fleetChanged();
    this.timerS = this.gapS();
  }

  choose(): number {
    const { fronts, fleet } = this;
    this.current = fronts.length === 1 ? fronts[0]! : fronts[this.random.below(fronts.length)]!;
    const vm = this.current.index.choose();
    if (vm >= 0 && fleet.present[vm]! >= fleet.limit[vm]!) {
      this.learn(this.current, vm, fleet.present[vm]!);
      return -1;
    }
    return vm;
  }

  override arrived(vm: number): void {
    if (this.options.countOwn) this.learn(this.current, vm, this.current.view[vm]! + 1);
  }

  override onTimer(): void {
    const { fleet, fronts } = this;
    if (this.options.reports.timing === 'together') {
      for (const front of fronts) {
        for (let e = 0; e < fleet.eligibleCount; e++) {
          const vm = fleet.eligible[e]!;
          if (front.view[vm] !== fleet.present[vm]) this.learn(front, vm, fleet.present[vm]!);
        }
      }
    } else if (fleet.eligibleCount > 0) {
      const staggered = this.options.reports.timing === 'staggered';
      this.turn = (this.turn + 1) % fleet.eligibleCount;
      const vm = fleet.eligible[staggered ? this.turn : this.random.below(fleet.eligibleCount)]!;
      for (const front of fronts) this.learn(front, vm, fleet.present[vm]!);
    }
    this.timerS += this.gapS();
  }

  override fleetChanged(): void {
    const { fleet } = this;
    for (const front of this.fronts) {
      if (front.view.length < fleet.present.length) front.view = grown(front.view, fleet.present.length);
      // A VM that is new is known to be empty; the others keep what was believed of them.
      for (let vm = 0; vm < fleet.size; vm++) if (fleet.present[vm] === 0) front.view[vm] = 0;
      front.index.rebuild(front.view);
    }
  }

  private learn(front: FrontEnd, vm: number, present: number): void {
    front.view[vm] = present;
    front.index.update(vm, present);
  }

  private gapS(): number {
    const { intervalS, timing } = this.options.reports;
    if (timing === 'together') return intervalS;
    const meanS = intervalS / Math.max(1, this.fleet.eligibleCount);
    return timing === 'staggered' ? meanS : -Math.log(this.random.next()) * meanS;
  }
}
