import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ConfigRow, ConfigStore } from '../../ports/config-store.ts';
import type { ConfigKind } from '../../ports/contracts/config.ts';
import {
  call,
  callConditional,
  type Item,
  json,
  jsonAttribute,
  number,
  numberAttribute,
  queryAll,
} from './dynamodb-client.ts';
import { configTableName, keys } from './keys.ts';

/** Configuration rows in DynamoDB (a global table on AWS). The body is JSON text so that any client can write it. */
export function createDynamoDbConfigStore(client: DynamoDBClient, tableName = configTableName): ConfigStore {
  return {
    async get(kind, id) {
      const { Item } = await call(`read ${kind} ${id}`, () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: keys.config(kind, id), ConsistentRead: true })),
      );
      return Item === undefined ? null : toRow(kind, Item);
    },
    async list(kind) {
      const items = await queryAll(client, {
        TableName: tableName,
        KeyConditionExpression: 'pk = :kind',
        ExpressionAttributeValues: { ':kind': { S: kind } },
      });
      return items.map((item) => toRow(kind, item));
    },
    async put(kind, id, body, { nowMs, expectedVersion }) {
      const outcome = await callConditional(`write ${kind} ${id}`, () =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: keys.config(kind, id),
            UpdateExpression: 'SET body = :body, updatedAtMs = :now ADD version :one',
            ...(expectedVersion === undefined
              ? {}
              : {
                  ConditionExpression: expectedVersion === 0 ? 'attribute_not_exists(pk)' : 'version = :expected',
                }),
            ExpressionAttributeValues: {
              ':body': json(body),
              ':now': number(nowMs),
              ':one': number(1),
              ...(expectedVersion === undefined || expectedVersion === 0
                ? {}
                : { ':expected': number(expectedVersion) }),
            },
          }),
        ),
      );
      return outcome.ok ? 'written' : 'conflict';
    },
    async remove(kind, id) {
      const { Attributes } = await call(`remove ${kind} ${id}`, () =>
        client.send(
          new DeleteItemCommand({ TableName: tableName, Key: keys.config(kind, id), ReturnValues: 'ALL_OLD' }),
        ),
      );
      return Attributes === undefined ? 'absent' : 'removed';
    },
  };
}

/** Whatever some client wrote: a body that is not JSON text is handed on as it is, for the reader to refuse. */
function toRow(kind: ConfigKind, item: Item): ConfigRow {
  return {
    kind,
    id: item.sk?.S ?? '',
    body: jsonAttribute(item, 'body') ?? item.body ?? null,
    version: numberAttribute(item, 'version'),
    updatedAtMs: numberAttribute(item, 'updatedAtMs'),
  };
}
