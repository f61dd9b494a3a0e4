import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { StoreUnavailableError } from '../../lib/ports/errors.ts';
import { startTestDynalite, type TestDynamoDb } from '../support/dynamodb.ts';
import { configStoreContract } from './config-store.ts';
import { stateStoreContract } from './state-store.ts';

let database: TestDynamoDb;
beforeAll(async () => {
  database = await startTestDynalite();
});
afterAll(() => database.close());

stateStoreContract('DynamoDB client on dynalite', async () =>
  createDynamoDbStateStore(database.client, await database.freshTable()),
);
configStoreContract('DynamoDB client on dynalite', async () =>
  createDynamoDbConfigStore(database.client, await database.freshTable()),
);

describe('DynamoDB adapters', () => {
  it('hands on a row that some other client wrote in another shape', async () => {
    const table = await database.freshTable();
    await database.client.send(
      new PutItemCommand({ TableName: table, Item: { pk: { S: 'sla' }, sk: { S: 'odd' }, body: { S: '{broken' } } }),
    );
    await database.client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: 'sla' }, sk: { S: 'bare' } } }));
    const rows = await createDynamoDbConfigStore(database.client, table).list('sla');
    expect(rows.map((row) => [row.id, row.body, row.version])).toEqual([
      ['bare', null, 0],
      ['odd', { S: '{broken' }, 0],
    ]);
  });

  it('says StoreUnavailableError when nothing listens', async () => {
    const client = createDynamoDbClient({ region: 'local', endpoint: 'http://127.0.0.1:9' });
    const state = createDynamoDbStateStore(client, 'none');
    await expect(state.listVms()).rejects.toThrow(StoreUnavailableError);
    await expect(state.getHeartbeats(['vm-1'])).rejects.toThrow(StoreUnavailableError);
    await expect(state.acquire('scaler', 'me', 1, 0)).rejects.toThrow(StoreUnavailableError);
    client.destroy();
  });
});
