import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { StoreUnavailableError } from '../../ports/errors.ts';
import { call } from './dynamodb-client.ts';

const waitMs = 50;
const waitRounds = 600;

/** Creates the tables that are absent and returns when all of them take writes. On AWS the CDK stack does this. */
export async function createTables(client: DynamoDBClient, tableNames: readonly string[]): Promise<void> {
  await Promise.all(tableNames.map((name) => createTable(client, name)));
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  try {
    await call(`create table ${name}`, () =>
      client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
        }),
      ),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  for (let round = 0; round < waitRounds; round++) {
    const { Table } = await call(`describe table ${name}`, () =>
      client.send(new DescribeTableCommand({ TableName: name })),
    );
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  throw new StoreUnavailableError(`table ${name} was not ready after ${(waitMs * waitRounds) / 1000} s`);
}
