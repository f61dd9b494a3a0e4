/**
 * Chooses the VM of each arriving request. The kernel tells it of every change it may want to know;
 * what it makes of that is what separates the policies.
 */
export interface Dispatcher {
  /** Next moment at which `onTimer` wants to run, seconds; Infinity when never. */
  readonly timerS: number;
  /** Hand-overs between VMs that the last `choose` made. */
  readonly handoffs: number;
  /** @returns the VM's number, or -1 to refuse the request */
  choose(nowS: number): number;
  /** `fleet.present[vm]` has just gone up by one, by this dispatcher's choice. */
  arrived(vm: number): void;
  /** `fleet.present[vm]` has just gone down by one. */
  departed(vm: number): void;
  onTimer(): void;
  /** VMs were added, cordoned or removed. */
  fleetChanged(nowS: number): void;
  /** From now on about this rate is to be expected; only splits that depend on the load listen. */
  expectRate(arrivalRatePerS: number): void;
}

/** Most policies need no timer, hand nothing on and look at nothing but the moment of choice. */
export abstract class PlainDispatcher implements Dispatcher {
  readonly timerS: number = Number.POSITIVE_INFINITY;
  readonly handoffs: number = 0;
  abstract choose(nowS: number): number;
  arrived(_vm: number): void {}
  departed(_vm: number): void {}
  onTimer(): void {}
  fleetChanged(_nowS: number): void {}
  expectRate(_arrivalRatePerS: number): void {}
}
