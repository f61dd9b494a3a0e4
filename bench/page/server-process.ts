/** The live page's server as local mode runs it (rows → region view → hub → HTTP), alone in a process, so that its cost can be read. */
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { createBearerAuth } from '../../lib/adapters/local/bearer-auth.ts';
import { serveHttp } from '../../lib/adapters/node/http-server.ts';
import { createPageHub } from '../../lib/app/page/hub.ts';
import { createRegionView } from '../../lib/app/page/region-view.ts';
import { createPageApp } from '../../lib/app/page/routes.ts';
import { scalerOptions } from '../../lib/app/scaler/deps.ts';
import { createForecaster, forecast, update } from '../../lib/domain/forecast/forecaster.ts';
import { plan } from '../../lib/domain/planner/plan.ts';
import { buildPage } from '../../lib/local/build-page.ts';
import { systemClock } from '../../lib/local/system-clock.ts';
import { feedConfig, feedOffers, feedRegion, feedSlotMs, pageKey, stateTable } from './feed.ts';

const endpoint = process.env.OAAS_DYNAMODB_ENDPOINT ?? '';
const state = createDynamoDbStateStore(createDynamoDbClient({ region: feedRegion, endpoint }), stateTable);
const refuse = () => Promise.reject(new Error('the page rents nothing'));
const log = { info() {}, warn: console.error, error: console.error };
const view = createRegionView({
  scaler: {
    region: feedRegion,
    owner: 'bench',
    provider: {
      offers: async () => [...feedOffers],
      list: refuse,
      launch: refuse,
      terminate: refuse,
      interruptions: refuse,
      warmPool: null,
    },
    state,
    config: async () => feedConfig,
    agents: { drain: refuse },
    forecasting: { createForecaster, update, forecast },
    planFleet: (problem) => plan(problem),
    clock: systemClock,
    newId: () => 'none',
    log,
    options: scalerOptions(feedSlotMs),
  },
  geography: 'europe',
  configFaults: () => [],
  placements: () => ({ remote: 0, local: 0, refused: 0 }),
  priceAgeHours: () => null,
});
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const files = await buildPage();
const hub = createPageHub({ views: () => [view], demo: () => null, cpuMs, log });
const app = createPageApp({
  files: async () => files,
  hub,
  views: () => [view],
  tasks: async () => ({ tasks: [], silent: [] }),
  demo: null,
  authenticate: createBearerAuth([{ id: 'page', scope: 'page', token: pageKey }]),
  hostName: '127.0.0.1',
  log,
});
const server = await serveHttp((request) => app.fetch(request), { host: '127.0.0.1', port: 0 });
const bytes = [...files.values()].reduce((sum, file) => sum + file.brotli.length, 0);
process.send?.({ url: `http://127.0.0.1:${server.port}`, bytes });
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ cpuMs: cpuMs(), heapBytes: process.memoryUsage().heapUsed, atMs: performance.now() });
});
process.on('disconnect', () => process.exit(0));
