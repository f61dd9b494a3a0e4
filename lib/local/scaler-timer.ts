/*
 * Runs one region's scaler: shortly before each UTC slot, every few seconds in between, and at once when the provider reports that a
 * machine ended; the scaler knows which of these carries out a slot's regular run. Runs never overlap; a slow one makes the next late,
 * not double.
 */
import type { ScalerDeps } from '../app/scaler/deps.ts';
import { scaleRegion } from '../app/scaler/scale-region.ts';
import { alignedTickAfter } from '../domain/scaling/aligned-start.ts';

export interface ScalerTimer {
  /** A look as soon as possible. */
  nudge(): void;
  /** Takes no new run and waits for the present one. */
  stop(): Promise<void>;
}

export function startScalerTimer(deps: ScalerDeps): ScalerTimer {
  const { slotMs, leadMs, lookEveryMs } = deps.options;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  let again = false;
  const nextAligned = (): number => alignedTickAfter(deps.clock.nowMs(), slotMs, leadMs);
  let alignedMs = nextAligned();

  async function run(): Promise<void> {
    alignedMs = nextAligned();
    try {
      const outcome = await scaleRegion(deps, 'tick');
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
      if (deps.clock.nowMs() >= alignedMs) tick();
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
