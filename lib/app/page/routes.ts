/** The live page's routes: static files for anyone on this machine, data and demo for whoever holds the page's key. */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { type DemoAction, type DemoState, pagePaths } from '../../ports/contracts/page.ts';
import type { RunningTask } from '../../ports/contracts/wire.ts';
import type { Log } from '../../ports/log.ts';
import { readJson } from '../http/body.ts';
import { type Authenticate, type HttpEnv, requireScope } from '../http/identity.ts';
import { sendProblem } from '../http/send.ts';
import { problem } from '../problem.ts';
import { invalidRequest, show, validateDocument } from '../validation.ts';
import { onlyOwnOrigin } from './guard.ts';
import type { PageHub } from './hub.ts';
import type { RegionView } from './region-view.ts';
import { watchStream } from './watch-stream.ts';

/** A file of the page, compressed once. */
export interface PageFile {
  type: string;
  etag: string;
  plain: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
  brotli: Uint8Array<ArrayBuffer>;
}

export interface PageDemo {
  state(): DemoState;
  /** @returns what it did, or why it did not */
  act(action: DemoAction): { ok: boolean; detail: string };
}

export interface PageDependencies {
  /** By name below the page's root; '' is the page itself. */
  files: () => Promise<ReadonlyMap<string, PageFile>>;
  hub: PageHub;
  views: () => readonly RegionView[];
  /** Every task of every region. */
  tasks: () => Promise<{ tasks: RunningTask[]; silent: string[] }>;
  /** Null: load on other people's machines is nobody's to start. */
  demo: PageDemo | null;
  authenticate: Authenticate;
  /** Name or address that the server was told to listen on. */
  hostName: string;
  log: Log;
}

/** Nothing but the page's own files and its own origin; nobody may frame it. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
} as const;

/** More than this many open pages are a mistake. */
const mostWatchers = 32;
const mostTasks = 200;
const bodyLimit = 1_024;

const poolQuery = z.object({ pool: z.string().max(200) });
const slotQuery = poolQuery.extend({ start: z.coerce.number().int().nonnegative() });
const demoBody = z.strictObject({ action: z.enum(['day', 'burst', 'kill', 'stop']) });

export function createPageApp(deps: PageDependencies): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.onError((error, c) => {
    deps.log.warn('page: request failed', { path: c.req.path, error: error.message });
    return sendProblem(c, problem('store-unavailable', 'the page has no data at this moment', { retryAfterMs: 1_000 }));
  });
  app.notFound((c) => sendProblem(c, problem('not-found', `the page has no ${show(c.req.path)}`)));
  app.use('*', onlyOwnOrigin(deps.hostName));
  app.use('*', async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
  });
  app.get('/', (c) => c.redirect(pagePaths.root));
  app.get('/dashboard', (c) => c.redirect(pagePaths.root));
  addData(app, deps);
  if (deps.demo !== null) addDemo(app, deps, deps.demo);
  const serve = async (c: Context, name: string) => {
    const file = (await deps.files()).get(name);
    return file === undefined ? c.notFound() : sendFile(c, file);
  };
  app.get(pagePaths.root, (c) => serve(c, ''));
  app.get(`${pagePaths.root}:name`, (c) => serve(c, c.req.param('name')));
  return app;
}

function addData(app: Hono<HttpEnv>, deps: PageDependencies): void {
  const own = requireScope(deps.authenticate, 'page', 'admin');
  let watching = 0;
  app.get(pagePaths.stream, own, (c) => {
    if (watching >= mostWatchers) {
      return sendProblem(c, problem('quota-exceeded', `${mostWatchers} pages are open; close one`));
    }
    watching += 1;
    const stream = watchStream(deps.hub, () => {
      watching -= 1;
    });
    return c.body(stream, 200, { 'content-type': 'text/event-stream' });
  });
  app.get(pagePaths.slot, own, async (c) => {
    const query = validateDocument(slotQuery, c.req.query());
    if (!query.ok) return sendProblem(c, invalidRequest('the query is not valid', query.problems));
    const { pool, start } = query.value;
    const found = (await viewOf(deps, pool)?.slot(pool, start)) ?? null;
    if (found !== null) return c.json(found);
    return sendProblem(c, problem('not-found', `no slot of ${show(pool)} is recorded at ${start}`));
  });
  app.get(pagePaths.problem, own, async (c) => {
    const query = validateDocument(poolQuery, c.req.query());
    if (!query.ok) return sendProblem(c, invalidRequest('the query is not valid', query.problems));
    const found = (await viewOf(deps, query.value.pool)?.problem(query.value.pool)) ?? null;
    if (found !== null) return c.json(found);
    return sendProblem(c, problem('not-found', `there is no pool ${show(query.value.pool)}`));
  });
  app.get(pagePaths.tasks, own, async (c) => {
    const { tasks, silent } = await deps.tasks();
    return c.json({ tasks: tasks.slice(0, mostTasks), more: Math.max(0, tasks.length - mostTasks), silent });
  });
}

function addDemo(app: Hono<HttpEnv>, { authenticate }: PageDependencies, demo: PageDemo): void {
  app.post(pagePaths.demo, requireScope(authenticate, 'page', 'admin'), async (c) => {
    const body = await readJson(c, demoBody, bodyLimit);
    if (!body.ok) return sendProblem(c, body.problem);
    const { ok, detail } = demo.act(body.value.action);
    return ok ? c.json(demo.state()) : sendProblem(c, problem('invalid-request', detail));
  });
}

/** A pool's id begins with its region's. */
const viewOf = ({ views }: PageDependencies, poolId: string): RegionView | undefined =>
  views().find((view) => poolId.startsWith(`${view.id}.`));

function sendFile(c: Context, file: PageFile): Response {
  const headers = { 'content-type': file.type, etag: file.etag, vary: 'accept-encoding' };
  if (c.req.header('if-none-match') === file.etag) return c.body(null, 304, headers);
  const accepted = c.req.header('accept-encoding') ?? '';
  if (/\bbr\b/.test(accepted)) return c.body(file.brotli, 200, { ...headers, 'content-encoding': 'br' });
  if (/\bgzip\b/.test(accepted)) return c.body(file.gzip, 200, { ...headers, 'content-encoding': 'gzip' });
  return c.body(file.plain, 200, headers);
}
