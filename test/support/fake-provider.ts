import type {
  ComputeProvider,
  LaunchFailure,
  LaunchOutcome,
  LaunchRequest,
  Offer,
  ProviderVm,
} from '../../lib/ports/compute-provider.ts';
import type { Hook } from './memory-state.ts';

export interface FakeProvider {
  readonly machines: Map<string, ProviderVm>;
  /** Every launch call, in order. */
  readonly calls: LaunchRequest[];
  readonly terminated: string[];
  /** Answers of the next launch calls of an offer; `room` machines, then the failure. */
  fail(offerId: string, failure: LaunchFailure, options?: { room?: number; times?: number }): void;
  notify(vmId: string): void;
  live(): ProviderVm[];
  view(hook: Hook): ComputeProvider;
}

/** A cloud in memory: launches are idempotent by client token, listings may be made to lag, failures are injected. */
export function createFakeProvider(offers: readonly Offer[], nowMs: () => number): FakeProvider {
  const machines = new Map<string, ProviderVm>();
  const byToken = new Map<string, LaunchOutcome>();
  const calls: LaunchRequest[] = [];
  const terminated: string[] = [];
  const failures = new Map<string, { failure: LaunchFailure; room: number; times: number }>();
  const notices: { vmId: string; atMs: number }[] = [];
  let counter = 0;

  function launch(request: LaunchRequest): LaunchOutcome {
    calls.push(request);
    const earlier = byToken.get(request.clientToken);
    if (earlier !== undefined) return earlier;
    const failing = failures.get(request.offer.id);
    if (failing) {
      failing.times -= 1;
      if (failing.times <= 0) failures.delete(request.offer.id);
    }
    const vmIds = Array.from({ length: Math.min(request.count, failing?.room ?? request.count) }, () => {
      counter += 1;
      const vmId = `vm-${counter}`;
      machines.set(vmId, {
        vmId,
        poolId: request.poolId,
        epoch: request.epoch,
        intentId: request.clientToken,
        offerId: request.offer.id,
        state: 'running',
        launchedAtMs: nowMs(),
      });
      return vmId;
    });
    const outcome: LaunchOutcome = { vmIds, failure: failing?.failure ?? null, detail: failing ? 'injected' : null };
    if (vmIds.length > 0) byToken.set(request.clientToken, outcome);
    return outcome;
  }

  const live = () => [...machines.values()].filter((vm) => vm.state !== 'terminated');
  return {
    machines,
    calls,
    terminated,
    live,
    fail: (offerId, failure, { room = 0, times = Number.POSITIVE_INFINITY } = {}) =>
      void failures.set(offerId, { failure, room, times }),
    notify: (vmId) => void notices.push({ vmId, atMs: nowMs() }),
    view: (hook) => ({
      offers: async () => [...offers],
      async launch(request) {
        await hook('launch');
        const outcome = launch(request);
        await hook('launched');
        return outcome;
      },
      async list() {
        await hook('list');
        return [...machines.values()];
      },
      async terminate(vmIds) {
        await hook('terminate');
        for (const vmId of vmIds) {
          const vm = machines.get(vmId);
          if (vm) machines.set(vmId, { ...vm, state: 'terminated' });
          terminated.push(vmId);
        }
        await hook('ended');
      },
      async interruptions() {
        return notices.splice(0);
      },
    }),
  };
}
