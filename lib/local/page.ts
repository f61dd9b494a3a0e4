/** The live page of a local system: files, data of all regions, demo load. */
import { createBearerAuth } from '../adapters/local/bearer-auth.ts';
import { createPageHub } from '../app/page/hub.ts';
import { createPageApp, type PageFile } from '../app/page/routes.ts';
import { pagePaths } from '../ports/contracts/page.ts';
import type { Log } from '../ports/log.ts';
import { buildPage } from './build-page.ts';
import { createDemo } from './demo.ts';
import type { LocalKeys } from './keys.ts';
import type { LocalRegion } from './region.ts';
import { systemClock } from './system-clock.ts';

export interface LocalPage {
  /** Whether the page, not the region's endpoint, answers this URL. */
  serves(url: string): boolean;
  fetch(request: Request): Response | Promise<Response>;
  stop(): Promise<void>;
}

export interface LocalPageOptions {
  regions: () => readonly LocalRegion[];
  keys: LocalKeys;
  host: string;
  log: Log;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The page's URL as a person opens it. The key is in the fragment, which no browser sends anywhere. */
export function pageUrl(endpoint: string, keys: LocalKeys): string {
  const url = new URL(pagePaths.root, endpoint);
  // Listening everywhere has no address of its own.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return `${url}#${keys.page}`;
}

export function createLocalPage(options: LocalPageOptions): LocalPage {
  const { keys, log } = options;
  let files: Promise<ReadonlyMap<string, PageFile>> | null = null;
  let demo: ReturnType<typeof createDemo> | null = null;
  const views = () => options.regions().map((region) => region.view);
  const hub = createPageHub({ views, demo: () => demoOf().state(), cpuMs, log });

  function demoOf(): ReturnType<typeof createDemo> {
    const [first] = options.regions();
    if (first === undefined) throw new Error('the demo load has no region yet');
    demo ??= createDemo({
      region: first.id,
      endpoint: first.endpoint,
      deviceKey: keys.device,
      crash: first.crashBusiest,
      nowMs: systemClock.nowMs,
      log,
    });
    return demo;
  }

  const app = createPageApp({
    // Compiled when first asked for: a system that nobody looks at starts without it.
    files: () => {
      files ??= buildPage().catch((error: unknown) => {
        files = null;
        throw error;
      });
      return files;
    },
    hub,
    views,
    tasks: async () => {
      const lists = await Promise.all(options.regions().map((region) => region.tasks()));
      return { tasks: lists.flatMap(({ tasks }) => tasks), silent: lists.flatMap(({ silent }) => silent) };
    },
    demo: { state: () => demoOf().state(), act: (action) => demoOf().act(action) },
    authenticate: createBearerAuth([
      { id: 'local-page', scope: 'page', token: keys.page },
      { id: 'local-admin', scope: 'admin', token: keys.admin },
    ]),
    hostName: options.host,
    log,
  });

  return {
    serves: (url) => {
      const path = url.indexOf('/', url.indexOf('//') + 2);
      return path < 0 || path === url.length - 1 || url.startsWith('/dashboard', path);
    },
    fetch: (request) => app.fetch(request),
    async stop() {
      hub.close();
      await demo?.stop();
    },
  };
}
