import type { ScheduleEvent } from '../../ports/contracts/schedule-event.ts';
import type { Log } from '../../ports/log.ts';
import type { ScaleOutcome } from './scale-region.ts';

/** A run that the clock ordered. */
export interface Tick {
  /** Which clock: a boot before each slot, or every minute. */
  schedule: ScheduleEvent['schedule'];
  /** When it was due. */
  scheduledAtMs: number;
}

export interface TickDependencies {
  nowMs(): number;
  slotMs: number;
  scale(): Promise<ScaleOutcome>;
  log: Log;
}

export type TickOutcome = ScaleOutcome | { status: 'stale'; lateMs: number };

/** Carries a tick out unless it comes so late that the next slot's is on its way; the lease sees to it that runs do not overlap. */
export async function runTick(deps: TickDependencies, tick: Tick): Promise<TickOutcome> {
  const lateMs = deps.nowMs() - tick.scheduledAtMs;
  if (lateMs > deps.slotMs) {
    deps.log.warn('scaler: stale tick dropped', { ...tick, lateMs });
    return { status: 'stale', lateMs };
  }
  const outcome = await deps.scale();
  deps.log.info('scaler: tick done', { ...tick, ...outcome });
  return outcome;
}
