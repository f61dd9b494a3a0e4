import { type BurstDecision, detectBurst } from '../../domain/scaling/burst.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Recorder } from '../engine/recorder.ts';

const WINDOW_S = 6;

/** Gathers what the scaler's burst trigger looks at, from one look to the next; a look averages over about 6 s as the scaler's does. */
export class BurstWatch {
  private readonly kernel: Kernel;
  private readonly recorder: Recorder;
  private readonly looks: { atS: number; arrivals: number }[] = [];
  private refused = 0;
  private waiting = 0;

  constructor(kernel: Kernel, recorder: Recorder) {
    this.kernel = kernel;
    this.recorder = recorder;
  }

  /** @param plan what the fleet was last planned for: a rate, from when on, and the agreement's target */
  look(nowS: number, plan: { ratePerS: number; fromS: number; targetS: number }): BurstDecision {
    const { kernel, recorder, looks } = this;
    looks.push({ atS: nowS, arrivals: kernel.arrivalCount });
    while (looks.length > 2 && looks[1]!.atS <= nowS - WINDOW_S) looks.shift();
    const rateSince = (look: { atS: number; arrivals: number }) =>
      nowS > look.atS ? (kernel.arrivalCount - look.arrivals) / (nowS - look.atS) : 0;
    const { waiting, places } = this.occupancy();
    const decision = detectBurst({
      arrivalRatePerS: rateSince(looks[0]!),
      // What came before the slot that is planned for tells nothing of that plan.
      windowS: looks[0]!.atS >= plan.fromS - 1e-9 ? nowS - looks[0]!.atS : 0,
      latestRatePerS: rateSince(looks.at(-2) ?? looks[0]!),
      plannedRatePerS: plan.ratePerS,
      refused: recorder.refusedCount - this.refused,
      present: kernel.presentCount,
      waiting,
      waitingBefore: this.waiting,
      places,
      targetS: plan.targetS,
    });
    this.refused = recorder.refusedCount;
    this.waiting = waiting;
    return decision;
  }

  private occupancy(): { waiting: number; places: number } {
    const { fleet } = this.kernel;
    let waiting = 0;
    let places = 0;
    for (let e = 0; e < fleet.eligibleCount; e++) {
      const vm = fleet.eligible[e]!;
      waiting += Math.max(0, fleet.present[vm]! - fleet.sharingLimit[vm]!);
      places += fleet.sharingLimit[vm]!;
    }
    return { waiting, places };
  }
}
