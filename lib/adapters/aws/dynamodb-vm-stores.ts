import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { HeartbeatStore, OccupancyStore, VmStore } from '../../ports/state-store.ts';
import type { Occupancy, VmRecord } from '../../ports/vm.ts';
import {
  batchGet,
  call,
  callConditional,
  type Item,
  json,
  jsonAttribute,
  number,
  numberAttribute,
  queryAll,
} from './dynamodb-client.ts';
import { heartbeatAttributes, readHeartbeat } from './heartbeat-row.ts';
import { keys, partitions } from './keys.ts';

export function createVmStore(client: DynamoDBClient, tableName: string): VmStore {
  const list = async (prefix: string): Promise<VmRecord[]> => {
    const items = await queryAll(client, {
      TableName: tableName,
      KeyConditionExpression: prefix === '' ? 'pk = :vms' : 'pk = :vms AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':vms': { S: partitions.vms },
        ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
      },
      ConsistentRead: true,
    });
    return items.map((item) => jsonAttribute(item, 'body') as VmRecord);
  };
  return {
    async putVm(vm) {
      await call(`write VM ${vm.vmId}`, () =>
        client.send(
          new PutItemCommand({ TableName: tableName, Item: { ...keys.vm(vm.poolId, vm.vmId), body: json(vm) } }),
        ),
      );
    },
    listVms: () => list(''),
    listPoolVms: (poolId) => list(`${poolId}#`),
    async removeVm(poolId, vmId) {
      await call(`remove VM ${vmId}`, () =>
        client.send(new DeleteItemCommand({ TableName: tableName, Key: keys.vm(poolId, vmId) })),
      );
    },
  };
}

/** @param principalOf names the owner of a VM's row in its partition key, which is what IAM lets a VM write by; the VM id where there is no IAM */
export function createHeartbeatStore(
  client: DynamoDBClient,
  tableName: string,
  principalOf: (vmId: string) => string = (vmId) => vmId,
): HeartbeatStore {
  const keyOf = (vmId: string) => keys.heartbeat(principalOf(vmId));
  return {
    async putHeartbeat(report) {
      await callConditional(`write heartbeat of ${report.vmId}`, () =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              ...keyOf(report.vmId),
              ...heartbeatAttributes(report),
            },
            ConditionExpression: 'attribute_not_exists(pk) OR nonce <> :nonce OR #sequence < :sequence',
            ExpressionAttributeNames: { '#sequence': 'sequence' },
            ExpressionAttributeValues: { ':nonce': { S: report.bootNonce }, ':sequence': number(report.sequence) },
          }),
        ),
      );
    },
    async getHeartbeats(vmIds) {
      const items = await batchGet(client, tableName, [...new Set(vmIds)].map(keyOf));
      const reports = items.flatMap((item) => readHeartbeat(item) ?? []);
      return new Map(reports.map((report) => [report.vmId, report]));
    },
    async removeHeartbeat(vmId) {
      await call(`remove heartbeat of ${vmId}`, () =>
        client.send(new DeleteItemCommand({ TableName: tableName, Key: keyOf(vmId) })),
      );
    },
  };
}

export function createOccupancyStore(client: DynamoDBClient, tableName: string): OccupancyStore {
  return {
    async listOccupancy(poolId, cell) {
      const items = await queryAll(client, {
        TableName: tableName,
        KeyConditionExpression: 'pk = :cell',
        ExpressionAttributeValues: { ':cell': { S: partitions.occupancy(poolId, cell) } },
      });
      return new Map(items.map(toOccupancy).map((row) => [row.vmId, row]));
    },
    async casOccupancy(poolId, cell, next) {
      const key = keys.occupancy(poolId, cell, next.vmId);
      const outcome = await callConditional(`reserve on ${next.vmId}`, () =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              ...key,
              nonce: { S: next.bootNonce },
              version: number(next.version),
              issued: json(next.issuedByBucket),
            },
            ...(next.version === 1
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: '#version = :previous',
                  ExpressionAttributeNames: { '#version': 'version' },
                  ExpressionAttributeValues: { ':previous': number(next.version - 1) },
                }),
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      if (outcome.ok) return { ok: true };
      // Embedded DynamoDBs do not send the row along with the refusal.
      const item =
        outcome.item ??
        (
          await call(`read occupancy of ${next.vmId}`, () =>
            client.send(new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true })),
          )
        ).Item;
      return { ok: false, current: item === undefined ? null : toOccupancy(item) };
    },
  };
}

function toOccupancy(item: Item): Occupancy {
  return {
    vmId: item.sk?.S ?? '',
    bootNonce: item.nonce?.S ?? '',
    issuedByBucket: jsonAttribute(item, 'issued') as Record<string, number>,
    version: numberAttribute(item, 'version'),
  };
}
