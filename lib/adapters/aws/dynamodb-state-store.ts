import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StateStore } from '../../ports/state-store.ts';
import { createArrivalStore } from './dynamodb-arrival-store.ts';
import { createLeaseStore, createScalerStore } from './dynamodb-scaler-store.ts';
import { createHeartbeatStore, createOccupancyStore, createVmStore } from './dynamodb-vm-stores.ts';

/** The regional state table, reached the same way on AWS and on one machine. */
export function createDynamoDbStateStore(
  client: DynamoDBClient,
  tableName: string,
  options: { principalOf?: (vmId: string) => string } = {},
): StateStore {
  return {
    ...createVmStore(client, tableName),
    ...createHeartbeatStore(client, tableName, options.principalOf),
    ...createOccupancyStore(client, tableName),
    ...createArrivalStore(client, tableName),
    ...createLeaseStore(client, tableName),
    ...createScalerStore(client, tableName),
  };
}
