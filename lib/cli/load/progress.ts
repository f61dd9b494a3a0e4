import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  sent(): void;
  done(): void;
  stop(): void;
}

/** A bar on standard error with rate and time left; nothing at all when that is not a terminal. */
export function loadProgress(expected: number, durationMs: number): Progress {
  if (!process.stderr.isTTY) return { sent() {}, done() {}, stop() {} };
  const bar = new SingleBar(
    {
      format: '{bar} {percentage}% | {sent} sent, {done} done | {rate}/s | {left} left',
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
      fps: 5,
    },
    Presets.shades_classic,
  );
  const startMs = performance.now();
  let sent = 0;
  let done = 0;
  const payload = () => {
    const elapsedMs = performance.now() - startMs;
    const leftS = Math.max(0, (durationMs - elapsedMs) / 1_000);
    return { sent, done, rate: (done / Math.max(0.001, elapsedMs / 1_000)).toFixed(1), left: `${leftS.toFixed(0)} s` };
  };
  bar.start(Math.max(1, expected), 0, payload());
  return {
    sent() {
      sent += 1;
    },
    done() {
      done += 1;
      bar.update(Math.min(done, expected), payload());
    },
    stop: () => bar.stop(),
  };
}
