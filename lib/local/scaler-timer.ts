/*
 * Runs one region's scaler: shortly before each UTC slot the regular run, every few seconds a look in between, and at once when the
 * provider reports that a machine ended. Runs never overlap; a slow one makes the next late, not double.
 */
import type { ScalerDeps } from '../app/scaler/deps.ts';
import { scaleRegion } from '../app/scaler/scale-region.ts';

export interface ScalerTimer {
  /** A look as soon as possible. */
  nudge(): void;
  /** Takes no new run and waits for the present one. */
  stop(): Promise<void>;
}

export function startScalerTimer(deps: ScalerDeps, lookEveryMs: number): ScalerTimer {
  const { slotMs, leadMs } = deps.options;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  let again = false;
  let nextSlotMs = firstSlotRun(deps.clock.nowMs());

  function firstSlotRun(nowMs: number): number {
    return (Math.floor((nowMs + leadMs) / slotMs) + 1) * slotMs - leadMs;
  }

  async function run(): Promise<void> {
    const nowMs = deps.clock.nowMs();
    const due = nowMs >= nextSlotMs;
    if (due) nextSlotMs = firstSlotRun(nowMs);
    try {
      const outcome = await scaleRegion(deps, due ? 'slot' : 'between');
      if (outcome.status === 'unavailable')
        deps.log.warn('scaler: store unavailable, held', { detail: outcome.detail });
    } catch (error) {
      // One failed run must not end the scaler: everything is as it was, the next run reconciles.
      deps.log.error('scaler: run failed', {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }

  function tick(): void {
    if (stopped) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    running = run().finally(() => {
      busy = false;
      if (again) {
        again = false;
        tick();
      }
    });
  }

  tick();
  const looks = setInterval(tick, lookEveryMs);
  const slots = setInterval(
    () => {
      if (deps.clock.nowMs() >= nextSlotMs) tick();
    },
    Math.min(250, lookEveryMs),
  );
  return {
    nudge: tick,
    async stop() {
      stopped = true;
      clearInterval(looks);
      clearInterval(slots);
      await running;
    },
  };
}
