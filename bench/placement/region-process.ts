/**
 * Region process under test: the real endpoint over the real store. Ends with its parent.
 * Arguments: the store's endpoint, then the device keys; each key is a principal.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { stateTableName } from '../../lib/adapters/aws/keys.ts';
import { createBearerAuth } from '../../lib/adapters/local/bearer-auth.ts';
import { createAgentClient } from '../../lib/adapters/node/agent-client.ts';
import { serveHttp } from '../../lib/adapters/node/http-server.ts';
import { createMemoryTicketSigner } from '../../lib/adapters/node/ticket-signer.ts';
import { createControlPlane } from '../../lib/app/control-plane.ts';

const [endpoint = '', ...deviceKeys] = process.argv.slice(2);
const regionId = 'r1';
const client = createDynamoDbClient({ region: 'local', endpoint });
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const control = createControlPlane({
  regionId,
  geography: 'bench',
  endpoint: () => '',
  regions: () => ({ regions: [] }),
  authenticate: createBearerAuth(deviceKeys.map((token, i) => ({ id: `device-${i}`, scope: 'device', token }))),
  configStore: createDynamoDbConfigStore(client),
  state: createDynamoDbStateStore(client, stateTableName(regionId)),
  bundles: { put: async () => {}, get: async () => null, has: async () => false },
  uploads: null,
  agents: createAgentClient({ agentToken: randomBytes(8).toString('hex') }),
  signer: createMemoryTicketSigner(clock.nowMs()),
  clock,
  log: { info() {}, warn: console.error, error: console.error },
  shard: String(process.pid),
  randomId: randomUUID,
  random: Math.random,
});
const server = await serveHttp(control.http.fetch, { host: '127.0.0.1', port: 0 });
setInterval(() => void control.flush().catch(() => {}), 1_000);
process.once('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', port: server.port });
