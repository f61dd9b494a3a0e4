import type { VmType } from './vm.ts';

/** Something that can be rented: a VM type in a data centre under a purchase option. */
export interface Offer {
  /** e.g. `c7g.large@eu-west-1/spot`. */
  id: string;
  type: VmType;
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  /** All included: machine, public IPv4, disk. Where it differs by zone, of the cheapest in which the offer may be had now. */
  priceUsdPerHour: number;
  /** The same by zone (spot); absent: every zone costs the same. */
  zonePricesUsdPerHour?: Readonly<Record<string, number>>;
  /** Round trip between the geography's home region and the data centre. */
  networkMs: number;
  /** Expected launch-to-ready time. */
  bootS: number;
  /** Expected time from stopped to ready; absent: its machines cannot be stopped and started again (spot). */
  startS?: number;
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
  /**
   * Offers of the same data centre and purchase option that may come instead, best first, where this one has no capacity. Absent:
   * the one type is meant. A provider may ignore them. A repeated launch carries the same ones.
   */
  standIns?: readonly Offer[];
}

/** `no-answer`: nobody knows whether anything was launched; the intent stays open until the listing tells. */
export type LaunchFailure =
  | 'no-capacity'
  | 'throttled'
  | 'quota'
  | 'bad-image'
  | 'unauthorised'
  | 'no-answer'
  | 'unknown';

/** What came of a launch; fewer VMs than asked is an outcome, not an error. */
export interface LaunchOutcome {
  vmIds: string[];
  failure: LaunchFailure | null;
  detail: string | null;
  /** VMs that came as one of the stand-ins: offer id by VM id. */
  cameAs?: Readonly<Record<string, string>>;
  /** Offers found without capacity on the way, whatever came in the end. */
  noCapacity?: readonly string[];
}

/** A machine as the provider itself sees it: the truth that the registry is reconciled with. */
export interface ProviderVm {
  vmId: string;
  poolId: string;
  epoch: number;
  intentId: string;
  offerId: string;
  state: 'pending' | 'running' | 'stopping' | 'stopped' | 'terminated';
  /** Absent: the provider has none. */
  zone?: string;
  launchedAtMs: number;
}

/** What the provider says is there, and where it could not tell: an unknown data centre is never an empty one. */
export interface Listing {
  vms: ProviderVm[];
  /** Data centres that did not answer in time, and why; their machines are in `vms` neither as there nor as gone. */
  unknown: { dataCentre: string; reason: string }[];
}

export interface StartOutcome {
  /** On their way; the others are as stopped as before. */
  started: string[];
  failure: LaunchFailure | null;
  detail: string | null;
}

/** Machines that are kept stopped, already initialised: they cost only their disk and are ready sooner than a launch. */
export interface WarmPool {
  start(vmIds: readonly string[]): Promise<StartOutcome>;
  /** Ends the machine's processes and keeps its disk. Listed as `stopped` when done. */
  stop(vmIds: readonly string[]): Promise<void>;
}

export interface ComputeProvider {
  offers(): Promise<Offer[]>;
  launch(request: LaunchRequest): Promise<LaunchOutcome>;
  /** Every machine of this region's owner tag, stopped ones included. Throws when no data centre answers. */
  list(): Promise<Listing>;
  terminate(vmIds: readonly string[]): Promise<void>;
  /** Interruption notices received since the last call. */
  interruptions(): Promise<{ vmId: string; atMs: number }[]>;
  /** Null: not supported here; only offers with `startS` can be stopped where it is. */
  readonly warmPool: WarmPool | null;
}
