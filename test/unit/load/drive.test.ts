import { describe, expect, it } from 'vitest';
import { drive, type LoadRecord, type Send } from '../../../lib/cli/load/drive.ts';
import { percentiles, renderSummary, summarise, toCsv } from '../../../lib/cli/load/summary.ts';
import { poolTasks } from '../../../lib/cli/load/tasks.ts';
import type { Detailed } from '../../../sdk/typescript/src/api.ts';

const task = { appId: 'app', method: 'm', args: [] };
const timings = { t1Ms: 1, t2Ms: 2, cloudMs: 3, queueMs: 4, handoffMs: 0, localMs: 0, totalMs: 10 };
const answer = (over: Partial<Detailed<unknown, unknown>> = {}): Detailed<unknown, unknown> => ({
  result: 1,
  state: undefined,
  ranOn: { where: 'remote', region: 'eu', vmId: 'vm-1', hops: [] },
  reason: 'forced-remote',
  why: '',
  timings,
  attempts: [],
  requestId: 'r',
  ...over,
});
const run = (send: Send, over: Partial<Parameters<typeof drive>[0]> = {}) =>
  drive({
    arrivals: [0, 1, 2, 3],
    nextTask: () => task,
    send,
    signal: new AbortController().signal,
    mostInFlight: 100,
    ...over,
  });

describe('drive', () => {
  it('never waits for an answer before it sends the next request', async () => {
    const waiting: (() => void)[] = [];
    let sent = 0;
    const records = await run(() => {
      sent += 1;
      return new Promise((resolve) => {
        waiting.push(() => resolve(answer()));
        // Only when all four are on their way does any of them get its answer.
        if (sent === 4) for (const release of waiting) release();
      });
    });
    expect(records.map((r) => r.outcome)).toEqual(['remote', 'remote', 'remote', 'remote']);
  });

  it('counts the response from the scheduled moment, the wait of a late driver included', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs };
    const records = await run(
      async () => {
        nowMs += 50;
        return answer();
      },
      { arrivals: [0, 0, 0], ...clock },
    );
    for (const record of records) expect(record.responseMs).toBeGreaterThanOrEqual(record.sentMs - record.scheduledMs);
    expect(records.at(-1)!.sentMs).toBe(100);
  });

  it('records what fell back, failed, or was too much', async () => {
    const outcomes: (() => Promise<Detailed<unknown, unknown>>)[] = [
      async () => answer({ ranOn: { where: 'local' }, why: 'saturated' }),
      async () => Promise.reject(new Error('lost')),
      async () => answer(),
    ];
    const records = await run(() => outcomes.shift()!(), { arrivals: [0, 1, 2] });
    expect(records.map((r) => [r.outcome, r.detail])).toEqual([
      ['fell-back', 'saturated'],
      ['error', 'lost'],
      ['remote', ''],
    ]);
    const flood = await run(async () => answer(), { arrivals: [0, 0, 0], mostInFlight: 2 });
    expect(flood.map((r) => r.outcome).sort()).toEqual(['not-sent', 'remote', 'remote']);
  });

  it('stops on the signal and records what was in flight', async () => {
    const stop = new AbortController();
    const records = await run(
      () =>
        new Promise((_resolve, reject) => {
          stop.signal.addEventListener('abort', () => reject(new Error('aborted')));
          stop.abort();
        }),
      { arrivals: [0, 5, 60_000], signal: stop.signal },
    );
    expect(records.map((r) => r.outcome)).toEqual(['unfinished']);
  });
});

describe('summary', () => {
  it('has nearest-rank percentiles', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentiles(hundred)).toEqual({ mean: 50.5, p50: 50, p95: 95, p99: 99, max: 100 });
    expect(percentiles([])).toBeNull();
  });

  it('splits the response into parts that add up', async () => {
    const records: LoadRecord[] = (await run(async () => answer())).map((r) => ({ ...r, responseMs: 20 }));
    const { parts, responseMs, outcomes } = summarise(records, 1_000, false);
    const sum = Object.values(parts!).reduce((a, part) => a + part.mean, 0);
    expect(sum).toBeCloseTo(responseMs!.mean, 9);
    expect(Object.values(parts!).reduce((a, part) => a + part.share, 0)).toBeCloseTo(1, 9);
    expect(outcomes.remote).toBe(4);
  });

  it('renders a run in which nothing was served', async () => {
    const records = await run(async () => Promise.reject(new Error('no region')));
    expect(renderSummary(summarise(records, 10, true))).toContain('4 x no region');
  });

  it('writes CSV that quotes what needs it', async () => {
    const records = await run(async () => Promise.reject(new Error('a "b", c')), { arrivals: [0] });
    const [header, row] = toCsv(records).split('\n');
    expect(header).toMatch(/^index,appId,method,scheduledMs,/);
    expect(row).toMatch(/,"a ""b"", c"$/);
  });
});

describe('pool of tasks', () => {
  it('draws the same tasks under the same seed, of every app', () => {
    const draw = (seed: number) => Array.from({ length: 200 }, poolTasks(seed));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(new Set(draw(3).map((t) => t.appId)).size).toBe(6);
  });
});
