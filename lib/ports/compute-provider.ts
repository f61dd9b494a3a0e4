import type { VmType } from './vm.ts';

/** Something that can be rented: a VM type in a data centre under a purchase option. */
export interface Offer {
  /** e.g. `c7g.large@eu-west-1/spot`. */
  id: string;
  type: VmType;
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  /** All included: machine, public IPv4, disk. */
  priceUsdPerHour: number;
  /** Round trip between the geography's home region and the data centre. */
  networkMs: number;
  /** Expected launch-to-ready time. */
  bootS: number;
}

export interface LaunchRequest {
  /** Id of the intent; launching twice with the same token launches once. */
  clientToken: string;
  poolId: string;
  epoch: number;
  offer: Offer;
  count: number;
  sharingLimit: number;
  queueLimit: number;
  /** The pool dispatches by true occupancy: its agents report every change at once. */
  exact: boolean;
}

export type LaunchFailure = 'no-capacity' | 'throttled' | 'quota' | 'bad-image' | 'unauthorised' | 'unknown';

/** What came of a launch; fewer VMs than asked is an outcome, not an error. */
export interface LaunchOutcome {
  vmIds: string[];
  failure: LaunchFailure | null;
  detail: string | null;
}

/** A machine as the provider itself sees it: the truth that the registry is reconciled with. */
export interface ProviderVm {
  vmId: string;
  poolId: string;
  epoch: number;
  intentId: string;
  offerId: string;
  state: 'pending' | 'running' | 'stopping' | 'stopped' | 'terminated';
  launchedAtMs: number;
}

export interface ComputeProvider {
  offers(): Promise<Offer[]>;
  launch(request: LaunchRequest): Promise<LaunchOutcome>;
  /** Every machine of this region's owner tag, stopped ones included. Throws when the answer is not known. */
  list(): Promise<ProviderVm[]>;
  terminate(vmIds: readonly string[]): Promise<void>;
  /** Interruption notices received since the last call. */
  interruptions(): Promise<{ vmId: string; atMs: number }[]>;
}
