/*
 * The demo load that the live page's button starts: real requests by the SDK to this machine's own endpoint.
 *
 * One run at a time, bounded in rate and time, ended by `stop`, by its own end or with the system. It offloads the demo apps' tasks; a
 * task that falls back is counted, not run.
 */
import { OaaS } from '../../sdk/typescript/src/index.node.ts';
import type { PageDemo } from '../app/page/routes.ts';
import { drive, type LoadRecord } from '../cli/load/drive.ts';
import { poolTasks } from '../cli/load/tasks.ts';
import { bohmerShare } from '../experiments/bohmer.ts';
import type { DemoState } from '../ports/contracts/page.ts';
import type { Log } from '../ports/log.ts';
import { ExponentialStream, UniformStream } from '../simulator/engine/rng.ts';

export interface DemoOptions {
  region: string;
  endpoint: string;
  deviceKey: string;
  /** Kills the busiest machine that takes work; its id, null when there is none. */
  crash: () => Promise<string | null>;
  nowMs: () => number;
  log: Log;
}

/** A day in four minutes, from six in the morning, when phones wake up; least is asked for at four. */
const dayMs = 240_000;
const firstHour = 6;
const quietHour = 4;
/** Small enough for two cores: a task takes some 70 ms of one, sandbox included. */
const peakRatePerS = 9;
const nightRatePerS = 0.6;
/** Within the day: a burst on top of the afternoon, and a machine killed in the evening. */
const burstAt = { fromMs: 92_000, toMs: 104_000, ratePerS: 9 } as const;
const killAtMs = 145_000;
/** The burst alone. */
const burstMs = 20_000;
const burstRatePerS = 14;
const mostInFlight = 400;
const mostEvents = 30;

export interface Demo extends PageDemo {
  stop(): Promise<void>;
}

export function createDemo(options: DemoOptions): Demo {
  const { nowMs } = options;
  let state: DemoState = idle();
  let end: (() => void) | null = null;
  let done: Promise<void> = Promise.resolve();
  let runs = 0;

  const say = (text: string): void => {
    state.events = [...state.events, { atMs: nowMs(), text }].slice(-mostEvents);
  };

  async function kill(): Promise<void> {
    const vmId = await options.crash();
    say(vmId === null ? 'no machine was there to kill' : `machine ${vmId} killed`);
  }

  function begin(kind: 'day' | 'burst'): void {
    const durationMs = kind === 'day' ? dayMs : burstMs;
    const rate = kind === 'day' ? dayRate : () => burstRatePerS;
    runs += 1;
    state = { ...idle(), events: state.events, running: kind, startedAtMs: nowMs(), durationMs };
    say(kind === 'day' ? 'the day begins' : 'a burst begins');
    const stop = new AbortController();
    const oaas = new OaaS({
      endpoints: [{ region: options.region, url: options.endpoint }],
      apiKey: options.deviceKey,
    });
    const timers = kind === 'day' ? dayEvents() : [];
    const finish = (): void => {
      stop.abort();
      oaas.close();
      for (const timer of timers) clearTimeout(timer);
    };
    end = finish;
    done = drive({
      arrivals: poisson(rate, durationMs, runs),
      nextTask: poolTasks(runs),
      send: senderOf(oaas),
      signal: stop.signal,
      mostInFlight,
      onSent: () => {
        state.sent += 1;
      },
      onRecord: (record) => count(state, record),
    })
      .catch((error: unknown) => options.log.warn('demo: load ended', { error: String(error) }))
      .then(() => {
        finish();
        end = null;
        state = { ...state, running: null };
        say(`the load ended: ${state.remote} ran on machines, ${state.fellBack} on the device, ${state.failed} failed`);
      });
  }

  function dayEvents(): NodeJS.Timeout[] {
    return [
      setTimeout(() => say('a burst on top'), burstAt.fromMs),
      setTimeout(() => void kill().catch(() => {}), killAtMs),
    ];
  }

  return {
    state: () => state,
    act(action) {
      if (action === 'stop') {
        end?.();
        return { ok: true, detail: 'stopping' };
      }
      if (action === 'kill') {
        void kill().catch(() => {});
        return { ok: true, detail: 'killing' };
      }
      if (end !== null) return { ok: false, detail: 'a demo load runs already; stop it first' };
      begin(action);
      return { ok: true, detail: 'started' };
    },
    async stop() {
      end?.();
      await done;
    },
  };
}

function idle(): DemoState {
  return {
    running: null,
    startedAtMs: null,
    durationMs: 0,
    sent: 0,
    remote: 0,
    fellBack: 0,
    failed: 0,
    events: [],
  };
}

/** Requests per second `atMs` into the day: app launches by hour (Böhmer et al. 2011), its night not quite silent. */
function dayRate(atMs: number): number {
  const share = bohmerShare(firstHour + (24 * atMs) / dayMs);
  const burst = atMs >= burstAt.fromMs && atMs < burstAt.toMs ? burstAt.ratePerS : 0;
  const least = bohmerShare(quietHour);
  return nightRatePerS + ((peakRatePerS - nightRatePerS) * (share - least)) / (1 - least) + burst;
}

/** Arrivals of a Poisson process with this rate, by thinning; the same seed gives the same. */
function* poisson(rate: (atMs: number) => number, durationMs: number, seed: number): Iterable<number> {
  const most = peakRatePerS + burstAt.ratePerS;
  const gaps = new ExponentialStream(seed, 0, 1);
  const kept = new UniformStream(seed, 0, 2);
  for (let at = 0; ; ) {
    at += (gaps.next() * 1000) / most;
    if (at >= durationMs) return;
    if (kept.next() * most < rate(at)) yield at;
  }
}

const senderOf = (oaas: OaaS) => {
  const declared = new Map<string, ReturnType<typeof declare>>();
  const declare = (appId: string, method: string) =>
    oaas.offload<unknown, unknown>(appId, method, () => null, {
      prefer: 'remote',
      idempotent: true,
      deadlineMs: 20_000,
      prefetch: false,
    });
  return ({ appId, method, args }: { appId: string; method: string; args: unknown }) => {
    const key = `${appId} ${method}`;
    const offloaded = declared.get(key) ?? declare(appId, method);
    declared.set(key, offloaded);
    return offloaded.detailed(args);
  };
};

function count(state: DemoState, { outcome }: LoadRecord): void {
  if (outcome === 'remote') state.remote += 1;
  else if (outcome === 'fell-back') state.fellBack += 1;
  else if (outcome !== 'unfinished') state.failed += 1;
}
