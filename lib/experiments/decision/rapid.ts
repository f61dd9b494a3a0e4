/**
 * RAPID's rule for fast execution, as its Android client decides (RapidProjectH2020/rapid-android, class DSE, read 2026-11):
 * offload when nothing ran remotely yet and the link is good; switch sides after ten runs in a row on one; else compare
 * mean past durations, where each newer run weighs as much as all older together, and the remote one is averaged with that
 * of the three past runs whose transfer rates were nearest to the present ones. Remote history is kept per kind of network.
 */
import type { Rule } from './rules.ts';

const goodBytesPerMs = 32;
const sameSide = 10;

interface RemoteRun {
  durationMs: number;
  bytesPerMs: number;
}

export function rapid(): Rule {
  const methods = new Map<string, { local: number | null; remote: Map<string, RemoteRun[]>; runs: string[] }>();
  const of = (key: string) => {
    let found = methods.get(key);
    if (found === undefined) {
      found = { local: null, remote: new Map(), runs: [] };
      methods.set(key, found);
    }
    return found;
  };
  const side = (where: 'local' | 'remote') => ({ where, hedgeMs: null });
  return {
    decide(task) {
      const { local, remote, runs } = of(`${task.device} ${task.appId} ${task.method}`);
      const past = remote.get(task.link) ?? [];
      const rate = rateOf(task);
      if (past.length === 0) return side(rate > goodBytesPerMs ? 'remote' : 'local');
      if (runs.length === sameSide && runs.every((where) => where === runs[0])) {
        if (runs[0] === 'remote') return side('local');
        return side(rate > goodBytesPerMs ? 'remote' : 'local');
      }
      const recent = past.reduce((mean, run, i) => (i === 0 ? run.durationMs : (mean + run.durationMs) / 2), 0);
      const nearest = [...past].sort((a, b) => Math.abs(a.bytesPerMs - rate) - Math.abs(b.bytesPerMs - rate));
      const third = (nearest[2] ?? nearest[0]!).durationMs;
      const second = (nearest[1] ?? nearest[0]!).durationMs;
      const byRate = ((third + second) / 2 + nearest[0]!.durationMs) / 2;
      return (recent + byRate) / 2 <= (local ?? 0) ? side('remote') : side('local');
    },
    observe(task, { where }, { ms }) {
      const method = of(`${task.device} ${task.appId} ${task.method}`);
      if (method.runs.push(where) > sameSide) method.runs.shift();
      if (where === 'local') {
        method.local = method.local === null ? ms : (method.local + ms) / 2;
        return;
      }
      const past = method.remote.get(task.link) ?? [];
      past.push({ durationMs: ms, bytesPerMs: rateOf(task) });
      method.remote.set(task.link, past);
    },
  };
}

/** A client of RAPID measures the rates with a server of its own; here it is told them. */
const rateOf = (task: { transferMs: number; upBytes: number; downBytes: number }): number =>
  task.transferMs > 0 ? (task.upBytes + task.downBytes) / task.transferMs : Number.POSITIVE_INFINITY;
