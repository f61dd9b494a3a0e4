import { randomUUID } from 'node:crypto';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createTables } from '../../lib/adapters/aws/dynamodb-tables.ts';
import { startDynalite } from '../../lib/adapters/local/dynalite.ts';

/** A DynamoDB for tests; every test gets its own table. */
export interface TestDynamoDb {
  client: ReturnType<typeof createDynamoDbClient>;
  endpoint: string;
  freshTable(): Promise<string>;
  close(): Promise<void>;
}

export async function startTestDynalite(): Promise<TestDynamoDb> {
  const database = await startDynalite({ path: null, port: 0 });
  const client = createDynamoDbClient({ region: 'local', endpoint: database.endpoint });
  return {
    client,
    endpoint: database.endpoint,
    async freshTable() {
      const name = `test-${randomUUID()}`;
      await createTables(client, [name]);
      return name;
    },
    async close() {
      client.destroy();
      await database.close();
    },
  };
}
