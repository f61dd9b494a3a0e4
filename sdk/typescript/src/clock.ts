import type { CancelSignal } from './cancellation.ts';

/** Milliseconds on the device's monotonic clock. The wall clock is never read: it may be wrong by minutes. */
export const monotonicMs: () => number = () => performance.now();

/** A timer that does not keep a Node process alive; a plain timer elsewhere. */
export function backgroundTimer(run: () => void, delayMs: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, delayMs);
  (timer as unknown as { unref?: () => void }).unref?.();
  return timer;
}

/** Resolves after the delay, or at once when the signal fires. */
export function sleep(delayMs: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
