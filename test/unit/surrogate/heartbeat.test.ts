import { describe, expect, it } from 'vitest';
import type { Heartbeat } from '../../../lib/ports/vm.ts';
import { HeartbeatReporter } from '../../../surrogate/heartbeat.ts';

function setUp(options: { eager?: boolean; fails?: number } = {}) {
  const written: Heartbeat[] = [];
  const warnings: string[] = [];
  const gates: (() => void)[] = [];
  let fails = options.fails ?? 0;
  let running = 0;
  const reporter = new HeartbeatReporter({
    eager: options.eager ?? false,
    log: { info: () => {}, warn: (message) => warnings.push(message), error: () => {} },
    store: {
      putHeartbeat: async (report) => {
        await new Promise<void>((resolve) => gates.push(resolve));
        if (fails-- > 0) throw new Error('store away');
        written.push(report);
      },
      getHeartbeats: async () => new Map(),
      removeHeartbeat: async () => {},
    },
    read: () => ({
      vmId: 'vm',
      bootNonce: 'n',
      url: '',
      certPem: '',
      certSha256: '',
      atMs: 0,
      state: 'ready',
      running,
      waiting: 0,
      claimedByBucket: {},
      completed: 0,
      refused: 0,
      handedOff: 0,
      demandByApp: {},
      bootMs: 0,
      isolation: 'process',
    }),
  });
  const open = async () => {
    gates.shift()?.();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { reporter, written, warnings, gates, open, setRunning: (n: number) => (running = n) };
}

describe('the heartbeat', () => {
  it('has one write in progress at most and then reports the latest', async () => {
    const { reporter, written, gates, open, setRunning } = setUp();
    void reporter.report();
    setRunning(1);
    void reporter.report();
    setRunning(2);
    void reporter.report();
    expect(gates).toHaveLength(1);
    await open();
    await open();
    expect(written.map(({ sequence, running }) => [sequence, running])).toEqual([
      [1, 0],
      [2, 2],
    ]);
    expect(gates).toHaveLength(0);
  });

  it('outlives a store that does not answer, with rising sequence numbers', async () => {
    const { reporter, written, warnings, open } = setUp({ fails: 1 });
    void reporter.report();
    await open();
    void reporter.report();
    await open();
    expect(warnings).toHaveLength(1);
    expect(written.map((report) => report.sequence)).toEqual([2]);
  });

  it('reports a change of occupancy at once only where the pool is exact', async () => {
    for (const eager of [true, false]) {
      const { reporter, gates, open } = setUp({ eager });
      void reporter.start();
      await open();
      for (let i = 0; i < 5; i++) reporter.changed();
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(gates).toHaveLength(eager ? 1 : 0);
      reporter.stop();
    }
  });
});
