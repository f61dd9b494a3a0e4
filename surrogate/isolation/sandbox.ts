import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Payload } from '../../lib/ports/contracts/payload.ts';
import { type Answer, readAnswer } from './answer.ts';
import type { CpuHold, Worth } from './cpu-hold.ts';
import { goAfter } from './priority.ts';
import { childrenOf, processesWithEnv, signal } from './proc.ts';
import type { Isolation, RuntimeCommand, SandboxFailure, SandboxSpec, Slot } from './types.ts';

export type RunOutcome =
  | { ok: true; result: Payload; state: Payload | undefined; cpuMs: number }
  | { ok: false; failure: SandboxFailure; cpuMs: number };

interface Options {
  slot: Slot;
  spec: SandboxSpec;
  isolation: Isolation;
  hold: CpuHold;
  runtime: RuntimeCommand;
  limits: { cores: number; memoryMiB: number; processes: number };
  maxOutputBytes: number;
  /** `name=value` in the outer process's environment, by which a later agent finds leftovers. */
  marker: { name: string; value: string };
}

const readySchema = z.discriminatedUnion('ready', [
  z.object({ ready: z.literal(true), prepCpuUs: z.number().nonnegative() }),
  z.object({ ready: z.literal(false), error: z.string() }),
]);

const logTailBytes = 2_000;

/**
 * One single-use process tree:
 *
 * starting ──ready──► waiting ──run()──► running ──answer | death | kill──► gone
 *
 * Failure modes: the module does not load (`load-error`), the process dies or floods its channels (`died`, `output-cap`), the agent kills it
 * (`killed`). Whatever happens the tree is killed, and `gone` resolves only when nothing of it is left.
 */
export class Sandbox {
  readonly slot: Slot;
  readonly spec: SandboxSpec;
  /** Resolves when a request can be sent, or with the reason why never. */
  readonly ready: Promise<SandboxFailure | null>;
  /** Resolves when the whole tree has ended and its slot may be used again. */
  readonly gone: Promise<void>;
  prepCpuMs = 0;
  /** How its run ended: with an answer, by its own doing without one, or neither yet nor by its doing. */
  conduct: 'orderly' | 'unruly' | 'unknown' = 'unknown';
  readonly #options: Options;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  #innerPid: number | null = null;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #logBytes = 0;
  #logTail = '';
  #killReason: SandboxFailure | null = null;
  #onFrame: ((frame: Buffer) => void) | null = null;
  #onEnd: ((failure: SandboxFailure) => void) | null = null;
  #ended = false;

  /** @param joinFiles control groups that the process joins before it becomes the sandbox. */
  constructor(options: Options, joinFiles: readonly string[]) {
    this.#options = options;
    this.slot = options.slot;
    this.spec = options.spec;
    const command = options.isolation.wrap(options.slot, options.spec, options.runtime);
    const script = launcher(
      joinFiles,
      shellLimits(options.limits, options.isolation),
      redirections[options.runtime.channel ?? 'descriptor'],
    );
    this.#child = spawn('/bin/sh', ['-c', script, 'sh', ...command.argv], {
      env: { ...command.env, [options.marker.name]: options.marker.value },
      cwd: command.cwd,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#channel = this.#child.stdio[3] as Duplex;
    this.#channel.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#channel.on('error', () => {});
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#log(chunk));
    this.#child.stderr?.on('error', () => {});
    // An idle agent may end while sandboxes wait; they end with it.
    this.#child.unref();
    this.ready = this.#awaitReady();
    this.gone = this.#awaitEnd();
  }

  get pid(): number | null {
    return this.#innerPid ?? this.#child.pid ?? null;
  }

  get alive(): boolean {
    return !this.#ended && this.#killReason === null;
  }

  /** What it is worth where there is not enough CPU. */
  weigh(worth: Worth): void {
    if (!this.#ended) this.#options.hold.weigh(this.slot.index, worth);
  }

  /** Sends the one request, as the JSON bytes the client sent, and answers how it ended. */
  run(request: Buffer): Promise<RunOutcome> {
    return new Promise((resolve) => {
      this.#onEnd = (cause) => {
        const failure = this.#killReason ?? cause;
        if (failure.kind === 'output-cap' || failure.kind === 'died') this.conduct = 'unruly';
        resolve({ ok: false, failure, cpuMs: 0 });
      };
      if (!this.alive) {
        this.#onEnd({ kind: 'died', detail: 'the sandbox ended before the request' });
        return;
      }
      const frame = Buffer.allocUnsafe(4 + request.length);
      frame.writeUInt32LE(request.length, 0);
      request.copy(frame, 4);
      this.#channel.write(frame);
      const startMs = performance.now();
      this.#onFrame = (answer) => {
        this.#onEnd = null;
        // A run cannot have used more than its cores for the time it took, whatever the app makes its runner say.
        const boundMs = (performance.now() - startMs) * Math.max(1, this.spec.parallelism) + 1;
        const said = readAnswer(answer);
        this.conduct = said === null ? 'unruly' : 'orderly';
        resolve(outcomeOf(said, boundMs));
      };
    });
  }

  /** Kills the whole tree. The first reason given is the one reported. */
  kill(reason: SandboxFailure): void {
    this.#killReason ??= reason;
    if (this.#ended) return;
    // Taking apart what it leaves, a hundred processes perhaps, is nobody's hurry.
    this.weigh('spare');
    // Inner first: its parent then reaps it and its CPU time is accounted for.
    if (this.#innerPid !== null) signal(this.#innerPid, 'SIGKILL');
    else if (this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGKILL');
    this.#onEnd?.(this.#killReason);
    this.#onEnd = null;
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > this.#options.maxOutputBytes + 4) {
      this.#received = [];
      this.kill({ kind: 'output-cap', detail: `its answer is larger than ${this.#options.maxOutputBytes} bytes` });
      return;
    }
    const first = this.#received[0]!;
    if (first.length < 4 && this.#receivedBytes >= 4) this.#received = [Buffer.concat(this.#received)];
    if (this.#receivedBytes < 4) return;
    const length = this.#received[0]!.readUInt32LE(0);
    if (length > this.#options.maxOutputBytes) {
      this.kill({ kind: 'output-cap', detail: `its answer is larger than ${this.#options.maxOutputBytes} bytes` });
      return;
    }
    if (this.#receivedBytes < 4 + length) return;
    const all = this.#received.length === 1 ? this.#received[0]! : Buffer.concat(this.#received);
    const rest = all.subarray(4 + length);
    this.#received = rest.length > 0 ? [rest] : [];
    this.#receivedBytes = rest.length;
    const deliver = this.#onFrame;
    this.#onFrame = null;
    deliver?.(all.subarray(4, 4 + length));
  }

  #log(chunk: Buffer): void {
    // What is still in the pipe of one that is being killed is nobody's; of a flood only its end is made text.
    if (this.#killReason !== null) return;
    this.#logBytes += chunk.length;
    this.#logTail = (this.#logTail + chunk.subarray(-logTailBytes).toString('utf8')).slice(-logTailBytes);
    if (this.#logBytes > this.#options.maxOutputBytes) {
      this.#child.stderr?.pause();
      this.kill({ kind: 'output-cap', detail: `it logged more than ${this.#options.maxOutputBytes} bytes` });
    }
  }

  #awaitReady(): Promise<SandboxFailure | null> {
    return new Promise((resolve) => {
      this.#onEnd = (failure) => resolve(this.#killReason ?? { ...failure, kind: 'load-error' });
      this.#onFrame = (frame) => {
        this.#onEnd = null;
        const hello = parse(readySchema, frame);
        if (hello === null) resolve({ kind: 'load-error', detail: 'its runner was not understood' });
        else if (!hello.ready) resolve({ kind: 'load-error', detail: hello.error.slice(0, 2_000) });
        else {
          this.prepCpuMs = hello.prepCpuUs / 1000;
          this.#findInner();
          if (this.#innerPid !== null) this.#options.hold.attach(this.slot.index, this.#innerPid, this.#options.limits);
          resolve(null);
        }
      };
    });
  }

  /**
   * The process that runs the app: the child of the launcher (bwrap, unshare) where there is one, else the launcher became it. No deeper:
   * what is below belongs to the app, which may have started processes while it was loaded.
   */
  #findInner(): void {
    const pid = this.#child.pid ?? null;
    this.#innerPid = pid !== null && this.#options.isolation.killsTree ? (childrenOf(pid)[0] ?? pid) : pid;
  }

  /** Where no process namespace ends with its first process: finds who left session, group and parent by the environment they inherited. */
  async #killStrays(): Promise<void> {
    if (this.#options.isolation.killsTree) return;
    const { name, value } = this.#options.marker;
    for (let round = 0; round < 100; round++) {
      const strays = processesWithEnv((found) => found === value, name);
      for (const pid of strays) signal(pid, 'SIGKILL');
      if (strays.length === 0) return;
      // A killed process may take a moment to end on a busy machine.
      await sleep(10);
    }
  }

  async #awaitEnd(): Promise<void> {
    const cause = await new Promise<string>((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signalName) => resolve(signalName ?? `exit code ${code}`));
    });
    this.#ended = true;
    const said = this.#logTail.trim();
    const failure: SandboxFailure = {
      kind: 'died',
      detail: `the app's process ended early (${cause})${said === '' ? '' : `: ${said}`}`,
    };
    // The answer may still be in the pipe when the process is gone; it is looked at once more however late the timer is.
    if (this.#onEnd !== null && this.#killReason === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#onEnd?.(failure);
    this.#onEnd = null;
    if (this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGKILL');
    await this.#killStrays();
    await this.#options.hold.empty(this.slot.index);
    this.#channel.destroy();
    this.#child.stderr?.destroy();
    await this.#options.isolation.clean(this.slot);
  }
}

/** What the command's standard streams are; descriptor 3 is the agent's, descriptor 2 the log. */
const redirections = { descriptor: '', 'standard-input': '<&3 >&2 3>&-' } as const;

/** Writable memory that a runtime maps without using it, thread stacks above all. */
const mappedMiB = 96;

/**
 * Joins the control groups, sets what limits a shell can set, becomes the sandbox. The data limit is what stops a memory hog where no
 * control group does (an address-space limit would break the runtimes, which reserve far more than they use).
 */
export function launcher(joinFiles: readonly string[], limits: ShellLimits, streams = ''): string {
  const join = joinFiles.map((file) => `echo 0 >'${file}' &&`).join(' ');
  const { dataKiB, processes } = limits;
  // bash says -u, dash -p.
  const fork =
    processes === null ? '' : `{ ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes} 2>/dev/null || :; } &&`;
  return `${join} ulimit -c 0 && ulimit -n 512 && ${fork} { ulimit -d ${dataKiB} 2>/dev/null || :; } && exec ${goAfter()} "$@" ${streams}`;
}

interface ShellLimits {
  dataKiB: number;
  /** Processes and threads of one user; null where the sandbox shares its user with others. */
  processes: number | null;
}

export function shellLimits(limits: { memoryMiB: number; processes: number }, isolation: Isolation): ShellLimits {
  return {
    dataKiB: (limits.memoryMiB + mappedMiB) * 1024,
    processes: isolation.ownUser ? limits.processes : null,
  };
}

function outcomeOf(answer: Answer | null, boundMs: number): RunOutcome {
  if (answer === null) {
    return { ok: false, failure: { kind: 'died', detail: 'its answer was not understood' }, cpuMs: 0 };
  }
  const cpuMs = Math.min(answer.cpuUs / 1000, boundMs);
  if (answer.ok) return { ok: true, result: answer.result, state: answer.state, cpuMs };
  return { ok: false, failure: { kind: 'app-error', detail: answer.error.slice(0, 2_000) }, cpuMs };
}

function parse<S extends z.ZodType>(schema: S, frame: Buffer): z.output<S> | null {
  try {
    const result = schema.safeParse(JSON.parse(frame.toString('utf8')));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
