import type { Kernel } from '../engine/kernel.ts';
import type { Recorder } from '../engine/recorder.ts';
import type { ReactiveScaler, Readings } from './baselines.ts';
import type { Machines } from './machines.ts';

/** A reactive scaler at work on the simulated machines: what it is shown, and the launches and drains that follow. */
export class ReactiveControl {
  readonly periodS: number;
  readonly offer: number;
  private readonly scaler: ReactiveScaler;
  private readonly machines: Machines;
  private readonly kernel: Kernel;
  private readonly recorder: Recorder;
  private capacityArea = 0;
  private capacityAtS: number;

  constructor(scaler: ReactiveScaler, machines: Machines, kernel: Kernel, recorder: Recorder) {
    this.periodS = scaler.periodS;
    this.offer = scaler.offer;
    this.scaler = scaler;
    this.machines = machines;
    this.kernel = kernel;
    this.recorder = recorder;
    this.capacityAtS = kernel.nowS;
  }

  tick(nowS: number): void {
    const { scaler, machines, kernel, recorder } = this;
    const ready = machines.count('ready');
    const booting = machines.count('booting');
    const total = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    this.capacityChanges(nowS);
    const fleet = { ready: total(ready), booting: total(booting), capacity: this.capacityArea };
    const desired = scaler.desired(readings(kernel, recorder, fleet, nowS));
    const difference = desired - total(ready) - total(booting);
    if (difference > 0) machines.launch(this.offer, difference, nowS);
    else if (difference < 0) {
      let surplus = -difference;
      // Its own offer first, then whatever the initial fleet had.
      for (const offer of [this.offer, ...ready.keys()]) {
        const count = Math.min(surplus, machines.count('ready')[offer]! + machines.count('booting')[offer]!);
        if (count > 0) machines.drain(offer, count, nowS);
        surplus -= count;
      }
    }
  }

  /** Integrates the capacity offered, for utilization as a controller sees it; call before the fleet changes. */
  capacityChanges(nowS: number): void {
    this.capacityArea += this.kernel.fleet.capacityPerS * (nowS - this.capacityAtS);
    this.capacityAtS = nowS;
  }
}

/** What a reactive scaler may know now. */
const readings = (
  kernel: Kernel,
  recorder: Recorder,
  fleet: Pick<Readings, 'ready' | 'booting' | 'capacity'>,
  nowS: number,
): Readings => ({
  ...fleet,
  nowS,
  present: kernel.presentCount,
  work: kernel.workDone,
  presentArea: kernel.presentArea,
  finished: recorder.finishedCount,
  finishedSumS: recorder.finishedSumS,
});
