/** The regional endpoint: one app for Lambda and for Node. Routes only decode, make one use-case call and encode. */
import { type Context, Hono } from 'hono';
import type { BundleStore } from '../../ports/bundle-store.ts';
import type { BundleUploads } from '../../ports/bundle-uploads.ts';
import { bundleLimits } from '../../ports/contracts/bundle-limits.ts';
import type { ConfigKind } from '../../ports/contracts/config.ts';
import {
  appRegistrationSchema,
  invocationRequestSchema,
  paths,
  placementRequestSchema,
  type RegionsResponse,
  uploadRequestSchema,
} from '../../ports/contracts/wire.ts';
import { StoreUnavailableError } from '../../ports/errors.ts';
import type { Log } from '../../ports/log.ts';
import type { TicketSigner } from '../../ports/tickets.ts';
import { type AgentTasksDependencies, killTask, listTasks } from '../agent-tasks.ts';
import type { Arrivals } from '../arrivals.ts';
import { type ConfigAdminDependencies, getConfig, listConfig, putConfig, removeConfig } from '../config-admin.ts';
import { type InvokeDependencies, invoke } from '../invoke.ts';
import type { Place } from '../place.ts';
import { problem } from '../problem.ts';
import { type RegisterOutcome, registerApp } from '../register-app.ts';
import { openUpload, registerUploaded } from '../upload-bundle.ts';
import { show } from '../validation.ts';
import { readBytes, readJson, readJsonValue } from './body.ts';
import { allowBrowsers } from './cors.ts';
import { type Authenticate, type HttpEnv, requireScope } from './identity.ts';
import { bodyLimits } from './limits.ts';
import { openApiDocument } from './openapi.ts';
import { sendProblem } from './send.ts';

export interface HttpDependencies {
  authenticate: Authenticate;
  place: Place;
  invoke: InvokeDependencies;
  configAdmin: ConfigAdminDependencies;
  bundles: BundleStore;
  /** Null: this endpoint registers nothing. */
  uploads: BundleUploads | null;
  tasks: AgentTasksDependencies;
  arrivals: Arrivals;
  signer: TicketSigner;
  /** Every region of the deployment. */
  regions: () => RegionsResponse;
  regionId: string;
  /** What GET /v1/status answers; the composition adds the scaler's part. */
  status: () => Promise<unknown>;
  log: Log;
}

const digestPattern = /^[0-9a-f]{64}$/;

export function createHttpApp(deps: HttpDependencies): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.use('*', allowBrowsers);
  app.onError((error, c) => {
    if (error instanceof StoreUnavailableError) {
      return sendProblem(
        c,
        problem('store-unavailable', `${error.message}; retry after retryAfterMs`, { retryAfterMs: 500 }),
      );
    }
    deps.log.error('request failed', {
      method: c.req.method,
      path: c.req.path.slice(0, 200),
      error: error.stack ?? error.message,
    });
    return sendProblem(c, problem('internal', 'unexpected error, see the log of the endpoint; nothing was run'));
  });
  app.notFound((c) =>
    sendProblem(
      c,
      problem(
        'not-found',
        `there is no ${c.req.method} ${c.req.path.slice(0, 200)}; the routes are in ${paths.openapi}`,
      ),
    ),
  );
  addPublicRoutes(app, deps);
  addDeviceRoutes(app, deps);
  addBundleRoutes(app, deps);
  if (deps.uploads !== null) addUploadRoutes(app, deps, deps.uploads);
  addAdminRoutes(app, deps);
  for (const kind of ['sla', 'app', 'group'] as const) addConfigRoutes(app, deps, kind);
  return app;
}

type App = Hono<HttpEnv>;

function addPublicRoutes(app: App, deps: HttpDependencies): void {
  app.get(paths.ping, (c) => c.json({ region: deps.regionId }));
  app.get(paths.regions, (c) => c.json(deps.regions()));
  app.get(paths.keys, async (c) =>
    c.json({ keys: await deps.signer.publicKeys() }, 200, { 'cache-control': 'max-age=60' }),
  );
  // Made when first asked for: it costs a cold start tens of milliseconds.
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get(paths.openapi, (c) => {
    document ??= openApiDocument();
    return c.json(document);
  });
}

function addDeviceRoutes(app: App, deps: HttpDependencies): void {
  const device = requireScope(deps.authenticate, 'device', 'admin');
  const place = async (c: Context<HttpEnv>, principal: string, groupId?: string): Promise<Response> => {
    const body = await readJson(c, placementRequestSchema, bodyLimits.placement);
    if (!body.ok) return sendProblem(c, body.problem);
    const outcome = await deps.place(principal, body.value, groupId === undefined ? {} : { groupId });
    return outcome.ok ? c.json(outcome.response) : sendProblem(c, outcome.problem);
  };
  app.post(paths.placements, device, (c) => place(c, c.get('identity').principal));
  app.post(paths.groupPlacements(':id'), device, (c) => place(c, c.get('identity').principal, param(c, 'id')));
  app.post(paths.invocations, device, async (c) => {
    const body = await readJson(c, invocationRequestSchema, bodyLimits.invocation);
    if (!body.ok) return sendProblem(c, body.problem);
    const outcome = await invoke(deps.invoke, c.get('identity').principal, body.value, c.req.raw.signal);
    return outcome.ok ? c.json(outcome.response) : sendProblem(c, outcome.problem);
  });
}

function addBundleRoutes(app: App, deps: HttpDependencies): void {
  const admin = requireScope(deps.authenticate, 'admin');
  const register = async (c: Context<HttpEnv>, digest?: string): Promise<Response> => {
    const body = await readBytes(c, bundleLimits.maxZipBytes);
    if (!body.ok) return sendProblem(c, body.problem);
    const outcome: RegisterOutcome = await registerApp(deps.configAdmin, body.value, digest);
    return outcome.ok ? c.json(outcome.app, 201) : sendProblem(c, outcome.problem);
  };
  app.post(paths.bundles, admin, (c) => register(c));
  app.put(paths.bundle(':digest'), admin, (c) => register(c, param(c, 'digest')));
  app.get(paths.bundle(':digest'), requireScope(deps.authenticate, 'agent', 'admin'), async (c) => {
    const digest = param(c, 'digest');
    const bytes = digestPattern.test(digest) ? await deps.bundles.get(digest) : null;
    if (bytes === null)
      return sendProblem(
        c,
        problem('not-found', `no bundle ${show(digest)} is stored; a digest is a SHA-256 in lower-case hex`),
      );
    return c.body(new Uint8Array(bytes), 200, {
      'content-type': 'application/zip',
      'cache-control': 'max-age=31536000, immutable',
    });
  });
}

function addUploadRoutes(app: App, deps: HttpDependencies, uploads: BundleUploads): void {
  const admin = requireScope(deps.authenticate, 'admin');
  app.post(paths.uploads, admin, async (c) => {
    const body = await readJson(c, uploadRequestSchema, bodyLimits.config);
    if (!body.ok) return sendProblem(c, body.problem);
    return c.json(await openUpload({ bundles: deps.bundles, uploads }, body.value), 201);
  });
  app.post(paths.apps, admin, async (c) => {
    const body = await readJson(c, appRegistrationSchema, bodyLimits.config);
    if (!body.ok) return sendProblem(c, body.problem);
    const outcome = await registerUploaded({ ...deps.configAdmin, bundles: deps.bundles, uploads }, body.value.digest);
    return outcome.ok ? c.json(outcome.app, 201) : sendProblem(c, outcome.problem);
  });
}

function addAdminRoutes(app: App, deps: HttpDependencies): void {
  const admin = requireScope(deps.authenticate, 'admin');
  app.get(paths.status, admin, async (c) => c.json(await deps.status()));
  app.get(paths.tasks, admin, async (c) => c.json(await listTasks(deps.tasks)));
  app.delete(paths.task(':id'), admin, async (c) => {
    const outcome = await killTask(deps.tasks, param(c, 'id'));
    return outcome.ok ? c.json({ killed: param(c, 'id') }) : sendProblem(c, outcome.problem);
  });
}

function addConfigRoutes(app: App, deps: HttpDependencies, kind: ConfigKind): void {
  const admin = requireScope(deps.authenticate, 'admin');
  app.get(paths.config(kind), admin, async (c) => c.json({ items: await listConfig(deps.configAdmin, kind) }));
  app.get(paths.config(kind, ':id'), admin, async (c) => {
    const outcome = await getConfig(deps.configAdmin, kind, param(c, 'id'));
    if (!outcome.ok) return sendProblem(c, outcome.problem);
    return c.json(outcome.value.document, 200, { etag: `"${outcome.value.version}"` });
  });
  app.put(paths.config(kind, ':id'), admin, async (c) => {
    const body = await readJsonValue(c, bodyLimits.config);
    if (!body.ok) return sendProblem(c, body.problem);
    const version = expectedVersion(c.req.header('if-match'));
    if (Number.isNaN(version)) {
      return sendProblem(
        c,
        problem(
          'invalid-request',
          `if-match ${show(c.req.header('if-match'))} is not a version; send the etag of the last GET`,
        ),
      );
    }
    const outcome = await putConfig(deps.configAdmin, kind, param(c, 'id'), body.value, version);
    return outcome.ok ? c.json(outcome.value) : sendProblem(c, outcome.problem);
  });
  app.delete(paths.config(kind, ':id'), admin, async (c) => {
    const outcome = await removeConfig(deps.configAdmin, kind, param(c, 'id'));
    return outcome.ok ? c.body(null, 204) : sendProblem(c, outcome.problem);
  });
}

/** Undefined: write unconditionally; NaN: not an etag of ours. */
function expectedVersion(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const version = Number(/^"(\d+)"$/.exec(ifMatch)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(version) ? version : Number.NaN;
}

/** A path parameter; the route has it, the types of a computed path do not say so. */
const param = (c: Context, name: string): string => c.req.param(name) ?? '';
