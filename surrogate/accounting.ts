import type { Heartbeat } from '../lib/ports/vm.ts';
import { readStat } from './isolation/proc.ts';

/**
 * CPU seconds per app since boot. The task's share is what its runner measured; everything else its processes used (launchers,
 * loading, tearing down) is preparation: the kernel's sum over ended children minus the task.
 */
export class CpuAccounting {
  readonly #byApp: Heartbeat['demandByApp'] = {};
  #childrenCpuS = readStat('self')?.childrenCpuS ?? 0;

  /** A snapshot. Preparation is never reported below zero, which its clock ticks may reach for moments. */
  get demandByApp(): Heartbeat['demandByApp'] {
    return Object.fromEntries(
      Object.entries(this.#byApp).map(([digest, app]) => [digest, { ...app, prepCpuS: Math.max(0, app.prepCpuS) }]),
    );
  }

  /** A run of the app ended with an outcome of its own. */
  ran(digest: string, cpuMs: number): void {
    const app = this.#app(digest);
    app.runs += 1;
    app.cpuS += cpuMs / 1000;
  }

  /**
   * A sandbox is gone.
   *
   * @param taskCpuMs what `ran` was told of it, 0 for an unused one
   * @param prepCpuMs what its runner reported, used where the kernel does not tell
   */
  gone(digest: string, taskCpuMs: number, prepCpuMs: number): void {
    const stat = readStat('self');
    if (stat === null) {
      this.#app(digest).prepCpuS += prepCpuMs / 1000;
      return;
    }
    // Readings come in clock ticks: what one sandbox is credited too little, the next one gets.
    const usedS = stat.childrenCpuS - this.#childrenCpuS;
    this.#childrenCpuS = stat.childrenCpuS;
    this.#app(digest).prepCpuS += usedS - taskCpuMs / 1000;
  }

  #app(digest: string): { runs: number; cpuS: number; prepCpuS: number } {
    this.#byApp[digest] ??= { runs: 0, cpuS: 0, prepCpuS: 0 };
    return this.#byApp[digest];
  }
}
