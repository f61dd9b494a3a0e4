import { DurationHistogram } from './histogram.ts';

/**
 * Collects the response times of finished requests into slots. A request belongs to the slot that was current when it
 * arrived; slot -1 stands for "not recorded" (warm-up).
 */
export class Recorder {
  /** Slot given to requests that arrive now. */
  slot = -1;
  /** Recorded requests that arrived and have not finished. */
  outstanding = 0;
  readonly responses: DurationHistogram[] = [];
  readonly refused: number[] = [];
  /** Waiting and service are kept over all slots together. */
  readonly waiting = new DurationHistogram();
  readonly service = new DurationHistogram();
  handoffs = 0;
  /** All requests finished so far, recorded or not: what a controller may watch. */
  finishedCount = 0;
  finishedSumS = 0;
  /** All requests refused so far, recorded or not. */
  refusedCount = 0;
  requestsByVm = new Float64Array(16);
  responseSumByVm = new Float64Array(16);
  /** When set, durations of waiting and service are kept too. */
  readonly detailed: boolean;

  constructor(detailed: boolean) {
    this.detailed = detailed;
  }

  /** Makes `slot` current for the requests that arrive from now on. */
  open(slot: number): void {
    this.slot = slot;
    while (this.responses.length <= slot) {
      this.responses.push(new DurationHistogram());
      this.refused.push(0);
    }
  }

  accepted(handoffs: number): void {
    if (this.slot < 0) return;
    this.outstanding++;
    this.handoffs += handoffs;
  }

  /** Recorded requests of `slot` that were accepted and then lost with their VM. */
  lose(slot: number, requests: number): void {
    this.outstanding -= requests;
    this.refused[slot] = this.refused[slot]! + requests;
  }

  refuse(): void {
    this.refusedCount++;
    if (this.slot >= 0) this.refused[this.slot] = this.refused[this.slot]! + 1;
  }

  /** @param extraS network and hand-over time, part of the response time only */
  finished(slot: number, vm: number, waitingS: number, serviceS: number, extraS: number): void {
    const response = waitingS + serviceS + extraS;
    this.finishedCount++;
    this.finishedSumS += response;
    if (slot < 0) return;
    this.outstanding--;
    this.responses[slot]!.add(response);
    if (!this.detailed) return;
    this.waiting.add(waitingS);
    this.service.add(serviceS);
    if (vm >= this.requestsByVm.length) this.growVms(vm);
    this.requestsByVm[vm] = this.requestsByVm[vm]! + 1;
    this.responseSumByVm[vm] = this.responseSumByVm[vm]! + response;
  }

  private growVms(vm: number): void {
    const size = Math.max(vm + 1, this.requestsByVm.length * 2);
    const requests = new Float64Array(size);
    requests.set(this.requestsByVm);
    const sums = new Float64Array(size);
    sums.set(this.responseSumByVm);
    this.requestsByVm = requests;
    this.responseSumByVm = sums;
  }
}
