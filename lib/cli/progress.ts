import { setImmediate } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { CliError, ExitCode } from './errors.ts';

/** The bar appears for work longer than this. */
const PATIENCE_MS = 2000;
/** How long the work may hold the event loop, so that Ctrl-C is answered at once. */
const TURN_MS = 50;

/**
 * Runs work a step at a time, with a progress bar with rate and time left on a terminal's standard error.
 *
 * @param steps yields the share that is done, 0 to 1
 * @throws CliError (exit 130) after Ctrl-C; whatever a step throws
 */
export async function runSteps<T>(label: string, steps: Generator<number, T>): Promise<T> {
  let interrupted = false;
  const stop = () => {
    interrupted = true;
  };
  process.once('SIGINT', stop);
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage} % | {rate} %/s | {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  const startMs = performance.now();
  let showing = false;
  try {
    let turnMs = startMs;
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      const nowMs = performance.now();
      if (nowMs - turnMs < TURN_MS) continue;
      const rate = ((100_000 * step.value) / (nowMs - startMs)).toFixed(1);
      if (!showing && process.stderr.isTTY && nowMs - startMs > PATIENCE_MS) {
        bar.start(1000, 0, { rate });
        showing = true;
      }
      if (showing) bar.update(Math.round(1000 * step.value), { rate });
      await setImmediate();
      if (interrupted) throw new CliError('interrupted', ExitCode.interrupted);
      turnMs = performance.now();
    }
  } finally {
    if (showing) bar.stop();
    process.removeListener('SIGINT', stop);
  }
}
