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
  /** A data centre that no longer answers, or does again: not listed, launches and ends without an answer. */
  silence(dataCentre: string, silent?: boolean): void;
  /** Stopped machines that were started, and machines that were stopped, in order. */
  readonly started: string[];
  readonly stopped: string[];
  live(): ProviderVm[];
  view(hook: Hook): ComputeProvider;
}

/** A cloud in memory: launches are idempotent by client token, listings may be made to lag, failures are injected. */
export function createFakeProvider(
  offers: readonly Offer[],
  nowMs: () => number,
  options: { warm?: boolean; standIns?: boolean } = {},
): FakeProvider {
  const silent = new Set<string>();
  const started: string[] = [];
  const stopped: string[] = [];
  const placeOf = (offerId: string) => /@([^/]+)/.exec(offerId)?.[1] ?? '';
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
    const boot = (offerId: string) => {
      counter += 1;
      const vmId = `vm-${counter}`;
      machines.set(vmId, {
        vmId,
        poolId: request.poolId,
        epoch: request.epoch,
        intentId: request.clientToken,
        offerId,
        state: 'running',
        launchedAtMs: nowMs(),
      });
      return vmId;
    };
    const room = Math.min(request.count, failing?.room ?? request.count);
    const vmIds = Array.from({ length: room }, () => boot(request.offer.id));
    const standIn =
      options.standIns && failing?.failure === 'no-capacity'
        ? request.standIns?.find((offer) => !failures.has(offer.id))
        : undefined;
    let outcome: LaunchOutcome = { vmIds, failure: failing?.failure ?? null, detail: failing ? 'injected' : null };
    if (standIn !== undefined) {
      const others = Array.from({ length: request.count - room }, () => boot(standIn.id));
      outcome = {
        vmIds: [...vmIds, ...others],
        failure: null,
        detail: null,
        cameAs: Object.fromEntries(others.map((vmId) => [vmId, standIn.id])),
        noCapacity: [request.offer.id],
      };
      vmIds.push(...others);
    }
    if (vmIds.length > 0) byToken.set(request.clientToken, outcome);
    return outcome;
  }

  function noAnswerFor(request: LaunchRequest): LaunchOutcome {
    calls.push(request);
    return { vmIds: [], failure: 'no-answer', detail: 'injected: no answer' };
  }

  const live = () => [...machines.values()].filter((vm) => vm.state !== 'terminated' && vm.state !== 'stopped');
  return {
    machines,
    calls,
    terminated,
    started,
    stopped,
    silence(dataCentre, off = true) {
      if (off) silent.add(dataCentre);
      else silent.delete(dataCentre);
    },
    live,
    fail: (offerId, failure, { room = 0, times = Number.POSITIVE_INFINITY } = {}) =>
      void failures.set(offerId, { failure, room, times }),
    notify: (vmId) => void notices.push({ vmId, atMs: nowMs() }),
    view: (hook) => ({
      offers: async () => [...offers],
      async launch(request) {
        await hook('launch');
        const outcome = silent.has(request.offer.dataCentre) ? noAnswerFor(request) : launch(request);
        await hook('launched');
        return outcome;
      },
      async list() {
        await hook('list');
        return {
          vms: [...machines.values()].filter((vm) => !silent.has(placeOf(vm.offerId))),
          unknown: [...silent].map((dataCentre) => ({ dataCentre, reason: 'injected' })),
        };
      },
      async terminate(vmIds) {
        await hook('terminate');
        for (const vmId of vmIds) {
          const vm = machines.get(vmId);
          if (vm && silent.has(placeOf(vm.offerId))) throw new Error('injected: no answer');
          if (vm) machines.set(vmId, { ...vm, state: 'terminated' });
          terminated.push(vmId);
        }
        await hook('ended');
      },
      async interruptions() {
        return notices.splice(0);
      },
      warmPool:
        options.warm === false
          ? null
          : {
              async start(vmIds) {
                await hook('start');
                const ready = vmIds.filter((vmId) => machines.get(vmId)?.state === 'stopped');
                const offerId = machines.get(ready[0] ?? '')?.offerId ?? '';
                const failing = failures.get(`start ${offerId}`);
                const done = ready.slice(0, failing?.room ?? ready.length);
                for (const vmId of done)
                  machines.set(vmId, { ...machines.get(vmId)!, state: 'running', launchedAtMs: nowMs() });
                started.push(...done);
                await hook('started');
                const failure = failing?.failure ?? (done.length < vmIds.length ? 'unknown' : null);
                return { started: done, failure, detail: failure === null ? null : 'injected' };
              },
              async stop(vmIds) {
                await hook('stop');
                for (const vmId of vmIds) {
                  const vm = machines.get(vmId);
                  if (vm && vm.state !== 'terminated') machines.set(vmId, { ...vm, state: 'stopped' });
                  stopped.push(vmId);
                }
                await hook('stopped');
              },
            },
    }),
  };
}
