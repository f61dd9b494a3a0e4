import type { CpuHold, HoldOptions, SlotLimits } from './cpu-hold.ts';
import { readCpuNs, signal, treeOf } from './proc.ts';

const tickMs = 10;
/** CPU a sandbox may be ahead of its share before it is stopped, and the most that idleness saves up. */
const burstS = 0.01;

interface Held {
  pid: number;
  cores: number;
  allowanceS: number;
  usedS: number;
  stopped: boolean;
}

/**
 * Where no control group is ours: every 10 ms each sandbox's CPU time is read and the tree is stopped (SIGSTOP) while it is ahead of
 * its share, continued when the share has caught up. Right on average whatever the timer does; needs /proc for the readings and
 * falls back to an open-loop duty cycle without it.
 */
export class DutyCycleHold implements CpuHold {
  readonly description: string;
  readonly #totalCores: number;
  readonly #held = new Map<number, Held>();
  #timer: NodeJS.Timeout | null = null;
  #lastMs = 0;

  constructor(options: HoldOptions) {
    this.#totalCores = options.totalCores;
    this.description = `stop-and-go signals: ${options.totalCores} cores, checked every ${tickMs} ms`;
  }

  async open(): Promise<readonly string[]> {
    return [];
  }

  weigh(): void {}

  attach(slotIndex: number, pid: number, limits: SlotLimits): void {
    this.#held.set(slotIndex, { pid, cores: limits.cores, allowanceS: burstS, usedS: cpuOf(pid) ?? 0, stopped: false });
    if (this.#timer !== null) return;
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  async empty(slotIndex: number): Promise<void> {
    const held = this.#held.get(slotIndex);
    this.#held.delete(slotIndex);
    if (held !== undefined) for (const pid of treeOf(held.pid).reverse()) signal(pid, 'SIGKILL');
    if (this.#held.size === 0) this.#stop();
  }

  async close(): Promise<void> {
    for (const slot of [...this.#held.keys()]) await this.empty(slot);
    this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const now = performance.now();
    const elapsedS = Math.min((now - this.#lastMs) / 1000, 0.25);
    this.#lastMs = now;
    const readings = [...this.#held.values()].map((held) => ({ held, usedS: cpuOf(held.pid) }));
    const busy = readings.filter(({ held, usedS }) => held.stopped || (usedS ?? held.usedS) > held.usedS + 1e-5);
    const shareOfVm = this.#totalCores / Math.max(1, busy.length);
    for (const { held, usedS } of readings) {
      const share = Math.min(held.cores, shareOfVm);
      const spentS = usedS === null ? (held.stopped ? 0 : elapsedS) : usedS - held.usedS;
      held.usedS = usedS ?? held.usedS;
      held.allowanceS = Math.min(burstS, held.allowanceS + share * elapsedS - spentS);
      const stop = held.allowanceS < 0;
      if (stop !== held.stopped) {
        for (const pid of treeOf(held.pid)) signal(pid, stop ? 'SIGSTOP' : 'SIGCONT');
        held.stopped = stop;
      }
    }
  }
}

function cpuOf(pid: number): number | null {
  let sum: number | null = null;
  for (const member of treeOf(pid)) {
    const ns = readCpuNs(member);
    if (ns !== null) sum = (sum ?? 0) + ns / 1e9;
  }
  return sum;
}
