/*
 * Rents out "machines" that are processes of this one, each running the same agent as a real surrogate.
 *
 * Lifecycle: launch → spawned (`pending`) → the agent says `ready` over IPC (`running`) → terminate or its own end (`terminated`).
 * A machine that is stopped keeps its folder and its id and has no process (`stopped`); a start spawns its agent anew.
 * Failure modes: the same client token answers the same machines, also while the first call is still under way; an agent that ends
 * is reported at once to `onExit`; agents end by themselves when this process does, however it does (IPC closes); what survived even
 * that is found by its pid file and ended by `sweep` at the next start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  ComputeProvider,
  LaunchOutcome,
  LaunchRequest,
  Offer,
  ProviderVm,
  WarmPool,
} from '../../ports/compute-provider.ts';
import type { LocalOffers } from '../../ports/contracts/local-offers.ts';
import type { Geography } from '../../ports/contracts/topology.ts';
import { pidFileName, sweepAgents } from './agent-sweep.ts';

/** Ended machines stay listed this long, as EC2 lists them for about an hour. */
const keepTerminatedMs = 600_000;
/** An agent that is asked to end gets this long to take its sandboxes along. */
const killAfterMs = 1_500;

export interface ProcessProviderOptions {
  offers: readonly Offer[];
  /** Most machines of an offer at once; more is `no-capacity`. */
  capacityOf(offerId: string): number;
  /** One JavaScript file. */
  agentFile: string;
  /** A folder per machine is made here. */
  workDir: string;
  /** The agent's environment for a machine, beside PATH, HOME and TMPDIR. */
  environment(vmId: string, request: LaunchRequest, workDir: string, boot: 'launch' | 'start'): Record<string, string>;
  clock: Clock;
}

export interface ProcessProvider extends ComputeProvider {
  /** Called as soon as an agent ends that was not asked to. */
  onExit(listener: (vmId: string) => void): void;
  /** Kills a machine as a power cut would: nobody was asked, nothing is drained. False: it is not running. */
  crash(vmId: string): boolean;
  /** Ends what an earlier run left behind. Returns how many agents. */
  sweep(): Promise<number>;
  /** Ends every machine and waits until all are gone. */
  stop(): Promise<void>;
}

interface Machine {
  vm: ProviderVm;
  request: LaunchRequest;
  process: { child: ChildProcess; exited: Promise<void> } | null;
  /** What its process was asked to end for. */
  asked: 'terminated' | 'stopped' | null;
  endedAtMs: number | null;
}

export function createProcessProvider(options: ProcessProviderOptions): ProcessProvider {
  const machines = new Map<string, Machine>();
  const launches = new Map<string, LaunchOutcome>();
  const listeners: ((vmId: string) => void)[] = [];

  function liveOf(offerId: string): number {
    return [...machines.values()].filter((m) => m.vm.offerId === offerId && m.endedAtMs === null).length;
  }

  function launchOne(request: LaunchRequest): string {
    const vmId = `vm-${randomBytes(5).toString('hex')}`;
    const machine: Machine = {
      vm: {
        vmId,
        poolId: request.poolId,
        epoch: request.epoch,
        intentId: request.clientToken,
        offerId: offerIdOf(request.offer),
        state: 'pending',
        launchedAtMs: options.clock.nowMs(),
      },
      request,
      process: null,
      asked: null,
      endedAtMs: null,
    };
    machines.set(vmId, machine);
    boot(machine, 'launch');
    return vmId;
  }

  function boot(machine: Machine, kind: 'launch' | 'start'): void {
    const { vmId } = machine.vm;
    const workDir = join(options.workDir, vmId);
    mkdirSync(workDir, { recursive: true });
    const log = openSync(join(workDir, 'agent.log'), 'a');
    // Its own process group: Ctrl-C at the terminal is for the parent, which drains and ends its agents itself.
    const child = spawn(process.execPath, [options.agentFile], {
      cwd: workDir,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...inherited(), ...options.environment(vmId, machine.request, workDir, kind) },
    });
    closeSync(log);
    if (child.pid !== undefined) writeFileSync(join(workDir, pidFileName), String(child.pid));
    machine.asked = null;
    machine.vm = { ...machine.vm, state: 'pending', launchedAtMs: options.clock.nowMs() };
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    }).then(() => {
      signalGroup(child, 'SIGKILL');
      rmSync(join(workDir, pidFileName), { force: true });
      machine.process = null;
      machine.vm = { ...machine.vm, state: machine.asked ?? 'terminated' };
      if (machine.asked === 'stopped') return;
      machine.endedAtMs = options.clock.nowMs();
      if (machine.asked === null) for (const listener of listeners) listener(vmId);
    });
    machine.process = { child, exited };
    child.on('message', (message) => {
      if (isReady(message) && machine.asked === null) machine.vm = { ...machine.vm, state: 'running' };
    });
  }

  async function end(machine: Machine, as: 'terminated' | 'stopped'): Promise<void> {
    if (machine.endedAtMs !== null) return;
    machine.asked = as;
    if (machine.process === null) {
      if (as === 'stopped') return;
      machine.vm = { ...machine.vm, state: 'terminated' };
      machine.endedAtMs = options.clock.nowMs();
      return;
    }
    const { child, exited } = machine.process;
    machine.vm = { ...machine.vm, state: 'stopping' };
    child.kill('SIGTERM');
    // A stopped process takes no other signal.
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), killAfterMs);
    await exited;
    clearTimeout(timer);
  }

  const warmPool: WarmPool = {
    async start(vmIds) {
      const stopped = vmIds.flatMap((vmId) => machines.get(vmId) ?? []).filter((m) => m.vm.state === 'stopped');
      for (const machine of stopped) boot(machine, 'start');
      const started = stopped.map((machine) => machine.vm.vmId);
      const missing = vmIds.filter((vmId) => !started.includes(vmId));
      return {
        started,
        failure: missing.length > 0 ? 'unknown' : null,
        detail: missing.length > 0 ? `not stopped, so not started: ${missing.join(', ')}` : null,
      };
    },
    async stop(vmIds) {
      for (const vmId of vmIds) {
        const machine = machines.get(vmId);
        if (machine !== undefined && machine.asked === null) void end(machine, 'stopped');
      }
    },
  };

  function forgetOld(): void {
    const before = options.clock.nowMs() - keepTerminatedMs;
    for (const [vmId, machine] of machines) {
      if (machine.endedAtMs === null || machine.endedAtMs > before) continue;
      machines.delete(vmId);
      rmSync(join(options.workDir, vmId), { recursive: true, force: true });
    }
  }

  return {
    offers: async () => [...options.offers],
    async launch(request) {
      const earlier = launches.get(request.clientToken);
      if (earlier !== undefined) return earlier;
      const room = Math.max(0, options.capacityOf(request.offer.id) - liveOf(request.offer.id));
      const vmIds = Array.from({ length: Math.min(room, request.count) }, () => launchOne(request));
      const short = request.count - vmIds.length;
      const outcome: LaunchOutcome = {
        vmIds,
        failure: short > 0 ? 'no-capacity' : null,
        detail: short > 0 ? `${request.offer.id} has no room for ${short} more` : null,
      };
      if (vmIds.length > 0) launches.set(request.clientToken, outcome);
      return outcome;
    },
    async list() {
      forgetOld();
      return { vms: [...machines.values()].map((machine) => machine.vm), unknown: [] };
    },
    async terminate(vmIds) {
      for (const vmId of vmIds) {
        const machine = machines.get(vmId);
        // Not awaited: terminating is a request, as with real machines; the listing says when it is done.
        if (machine !== undefined) void end(machine, 'terminated');
      }
    },
    interruptions: async () => [],
    warmPool,
    onExit(listener) {
      listeners.push(listener);
    },
    crash(vmId) {
      const machine = machines.get(vmId);
      if (machine === undefined || machine.process === null) return false;
      signalGroup(machine.process.child, 'SIGKILL');
      return true;
    },
    sweep: () => sweepAgents(options.workDir, options.agentFile),
    async stop() {
      await Promise.all([...machines.values()].map((machine) => end(machine, 'terminated')));
    },
  };
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}

/** The agent leads its own process group, so its sandboxes go with it. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody left in the group.
  }
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot'];
  const taken = Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  return { ...taken, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
}

/** Every type in every data centre of a geography that has it. */
export function offersOf(catalogue: LocalOffers, geography: Geography): Offer[] {
  return geography.dataCentres.flatMap((centre) =>
    catalogue.types
      .filter((type) => type.dataCentres === undefined || type.dataCentres.includes(centre.id))
      .map(({ id, cores, coreSpeed, memoryMiB, priceUsdPerHour, bootS, startS, purchaseOption }): Offer => {
        const type = { id, cores, coreSpeed, memoryMiB };
        return {
          id: offerIdOf({ type, dataCentre: centre.id, purchaseOption }),
          type,
          dataCentre: centre.id,
          purchaseOption,
          priceUsdPerHour: priceUsdPerHour * centre.priceFactor,
          networkMs: centre.networkMs,
          bootS,
          ...(purchaseOption === 'on-demand' ? { startS: startS ?? bootS / 3 } : {}),
        };
      }),
  );
}
