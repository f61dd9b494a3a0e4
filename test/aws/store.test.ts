/** The stores' contract on DynamoDBs that others wrote: AWS's own for tests, and moto. Differences from dynalite: docs/limits.md. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../../lib/adapters/aws/dynamodb-tables.ts';
import { configStoreContract } from '../contract/config-store.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { startDynamoDbLocal } from './support/dynamodb-local.ts';
import { startMoto } from './support/moto.ts';

const servers = { 'DynamoDB Local': startDynamoDbLocal, moto: startMoto };

describe.each(Object.entries(servers))('%s', (name, start) => {
  let server: { endpoint: string; stop(): Promise<void> };
  let client: ReturnType<typeof createDynamoDbClient>;
  beforeAll(async () => {
    server = await start();
    client = createDynamoDbClient({ region: 'eu-central-1', endpoint: server.endpoint });
  });
  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });

  const freshTable = async () => {
    const table = `test-${randomUUID()}`;
    await createTables(client, [table]);
    return table;
  };
  stateStoreContract(`DynamoDB client on ${name}`, async () => createDynamoDbStateStore(client, await freshTable()));
  configStoreContract(`DynamoDB client on ${name}`, async () => createDynamoDbConfigStore(client, await freshTable()));
});
