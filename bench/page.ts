import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { createDynamoDbClient } from '../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbStateStore } from '../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../lib/adapters/aws/dynamodb-tables.ts';
import { startDynaliteChild } from '../lib/local/dynalite-child.ts';
import { openPage, startBrowser } from '../test/support/browser.ts';
import { createFeed, feedRegion, pageKey, stateTable } from './page/feed.ts';
import type { Bench, BenchRow } from './row.ts';

/** How long it is watched; ten minutes with OAAS_BENCH_PAGE_S=600. */
const watchedS = Number(process.env.OAAS_BENCH_PAGE_S ?? 60);
const quickS = 12;
const beatEveryMs = 2_000;
const settleS = 10;

interface Sample {
  atMs: number;
  cpuMs: number;
  heapBytes: number;
  pageHeapBytes: number;
}

/** The live page while 200 VMs and 2,000 requests/s go by: what its server costs, how soon it paints, whether anything grows. */
export const bench: Bench = async ({ quick, onProgress }) => {
  const database = await startDynaliteChild(null);
  const client = createDynamoDbClient({ region: feedRegion, endpoint: database.endpoint });
  let server: ChildProcess | null = null;
  let feeding = true;
  let fed: Promise<void> = Promise.resolve();
  const browser = await startBrowser();
  try {
    await createTables(client, [stateTable]);
    onProgress?.('200 VMs begin to report');
    const feed = await createFeed(createDynamoDbStateStore(client, stateTable), 1, Date.now());
    await feed.step(Date.now());
    fed = (async () => {
      while (feeding) {
        const beganMs = Date.now();
        // What a stalled database did not take is missing for one turn.
        await feed.step(beganMs).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, beatEveryMs - (Date.now() - beganMs))));
      }
    })();
    server = fork(fileURLToPath(new URL('./page/server-process.ts', import.meta.url)), {
      execArgv: ['--expose-gc', '--import', 'tsx'],
      env: { ...process.env, OAAS_DYNAMODB_ENDPOINT: database.endpoint },
    });
    const { url, bytes } = await answer<{ url: string; bytes: number }>(server);
    const { page, errors } = await openPage(browser, `${url}/dashboard/#${pageKey}`);
    const paintMs: number = await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? new Promise((done) => new PerformanceObserver((list) => { const [first] = list.getEntriesByName('first-contentful-paint'); if (first) done(first.startTime); }).observe({ type: 'paint', buffered: true }))",
    );
    await page.locator('li.cell').nth(199).waitFor();
    onProgress?.(`${quick ? quickS : watchedS} s of watching`);
    await wait(quick ? 1 : settleS);
    const samples: Sample[] = [await sample(server, page)];
    const parts = 10;
    for (let part = 0; part < parts; part++) {
      await wait((quick ? quickS : watchedS) / parts);
      samples.push(await sample(server, page));
    }
    if (errors.length > 0) throw new Error(`the page reported ${errors.join('; ')}`);
    return rows(samples, paintMs, bytes);
  } finally {
    feeding = false;
    await fed.catch(() => {});
    await browser.close();
    server?.disconnect();
    client.destroy();
    await database.stop();
  }
};

function rows(samples: readonly Sample[], paintMs: number, bytes: number): BenchRow[] {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const spanMs = last.atMs - first.atMs;
  const watched = `${Math.round(spanMs / 1000)} s, one page open in Chromium`;
  const growth = (read: (s: Sample) => number) => (read(last) - read(first)) / 2 ** 20;
  const series = (read: (s: Sample) => number) => samples.map((s) => (read(s) / 2 ** 20).toFixed(1)).join(', ');
  return [
    {
      name: 'page server, 200 VMs and 2,000 requests/s: share of one core',
      value: (100 * (last.cpuMs - first.cpuMs)) / spanMs,
      unit: '%',
      bar: { atMost: 10 },
      note: `${watched}; the agents' own reports go to the database, not through it`,
    },
    {
      name: 'page: all files, compressed (brotli)',
      value: bytes / 1000,
      unit: 'kB',
      bar: { atMost: 150 },
      note: 'planner for the what-if panel included, which is loaded when it is opened',
    },
    { name: 'page: first paint on localhost', value: paintMs, unit: 'ms', bar: { atMost: 1_000 } },
    {
      name: 'page server: growth of the heap while watched',
      value: growth((s) => s.heapBytes),
      unit: 'MiB',
      bar: { atMost: 3 },
      note: `after collection: ${series((s) => s.heapBytes)} MiB; its history of slots fills up in half an hour, bounded`,
    },
    {
      name: 'page in the browser: growth of the heap while watched',
      value: growth((s) => s.pageHeapBytes),
      unit: 'MiB',
      bar: { atMost: 3 },
      note: `after collection: ${series((s) => s.pageHeapBytes)} MiB; live points are kept for the charts, 300 per pool at most`,
    },
  ];
}

async function sample(server: ChildProcess, page: Page): Promise<Sample> {
  const told = answer<Omit<Sample, 'pageHeapBytes'>>(server);
  server.send('sample');
  const session = await page.context().newCDPSession(page);
  // Twice: what only finalizers held goes with the second.
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return { ...(await told), pageHeapBytes: usedSize };
}

const answer = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the page's server ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.removeListener('exit', ended);
      resolve(message as T);
    });
  });

const wait = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, s * 1000));
