import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { LaunchIntent, Lease, LeaseStore, ScalerStore } from '../../ports/state-store.ts';
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
import { keys, partitions, sortableMs, ttlAttribute } from './keys.ts';

const slotKeepDays = 60;
/** An intent is an attribute of the one item of open intents; its name carries this prefix. */
const intentPrefix = 'intent:';
const notStale = 'attribute_not_exists(epoch) OR epoch <= :epoch';

/** Exclusive claims. The row stays after a release, so that epochs only ever grow. */
export function createLeaseStore(client: DynamoDBClient, tableName: string): LeaseStore {
  const read = async (name: string): Promise<Item | undefined> =>
    (
      await call(`read lease ${name}`, () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: keys.lease(name), ConsistentRead: true })),
      )
    ).Item;
  return {
    async acquire(name, owner, ttlMs, nowMs) {
      const current = await read(name);
      const mine = current?.holder?.S === owner;
      if (current !== undefined && !mine && numberAttribute(current, 'expiresAtMs') > nowMs) return null;
      const previousEpoch = current === undefined ? 0 : numberAttribute(current, 'epoch');
      const lease: Lease = { name, owner, epoch: mine ? previousEpoch : previousEpoch + 1, expiresAtMs: nowMs + ttlMs };
      const outcome = await callConditional(`take lease ${name}`, () =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              ...keys.lease(name),
              holder: { S: owner },
              epoch: number(lease.epoch),
              expiresAtMs: number(lease.expiresAtMs),
            },
            ...(current === undefined
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: 'epoch = :epoch AND holder = :holder AND expiresAtMs = :expires',
                  ExpressionAttributeValues: {
                    ':epoch': number(previousEpoch),
                    ':holder': current.holder ?? { S: '' },
                    ':expires': current.expiresAtMs ?? number(0),
                  },
                }),
          }),
        ),
      );
      return outcome.ok ? lease : null;
    },
    async release(lease) {
      await callConditional(`release lease ${lease.name}`, () =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: keys.lease(lease.name),
            UpdateExpression: 'SET holder = :nobody, expiresAtMs = :zero',
            ConditionExpression: 'epoch = :epoch AND holder = :holder',
            ExpressionAttributeValues: {
              ':nobody': { S: '-' },
              ':zero': number(0),
              ':epoch': number(lease.epoch),
              ':holder': { S: lease.owner },
            },
          }),
        ),
      );
    },
  };
}

/**
 * What a scaler writes. All open intents of the region are attributes of one item, whose epoch fences them: with
 * single-item conditions that is the only layout in which a stale scaler cannot slip one in. An intent that is done or
 * failed leaves the item (the slot record and the VMs' tags keep its story), so it stays far below 400 kB.
 */
export function createScalerStore(client: DynamoDBClient, tableName: string): ScalerStore {
  return {
    async putIntent(intent) {
      const open = intent.status === 'open';
      const outcome = await callConditional(`write intent ${intent.intentId}`, () =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: keys.openIntents(),
            UpdateExpression: open ? 'SET epoch = :epoch, #intent = :intent' : 'SET epoch = :epoch REMOVE #intent',
            ConditionExpression: notStale,
            ExpressionAttributeNames: { '#intent': `${intentPrefix}${intent.intentId}` },
            ExpressionAttributeValues: {
              ':epoch': number(intent.epoch),
              ...(open ? { ':intent': json(intent) } : {}),
            },
          }),
        ),
      );
      return outcome.ok ? 'written' : 'stale';
    },
    async listOpenIntents() {
      const { Item: item } = await call('read open intents', () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: keys.openIntents(), ConsistentRead: true })),
      );
      if (item === undefined) return [];
      return Object.keys(item)
        .filter((name) => name.startsWith(intentPrefix))
        .map((name) => jsonAttribute(item, name) as LaunchIntent);
    },
    async putSlot(record) {
      const outcome = await callConditional(`write slot of ${record.poolId}`, () =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: {
              ...keys.slot(record.poolId, record.slotStartMs),
              epoch: number(record.epoch),
              body: json(record.body),
              [ttlAttribute]: number(Math.ceil(record.slotStartMs / 1000) + slotKeepDays * 86_400),
            },
            ConditionExpression: notStale,
            ExpressionAttributeValues: { ':epoch': number(record.epoch) },
          }),
        ),
      );
      return outcome.ok ? 'written' : 'stale';
    },
    async listSlots(poolId, fromMs, toMs) {
      const items = await queryAll(client, {
        TableName: tableName,
        KeyConditionExpression: 'pk = :pool AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pool': { S: partitions.slots(poolId) },
          ':from': { S: sortableMs(fromMs) },
          ':to': { S: sortableMs(toMs - 1) },
        },
        ConsistentRead: true,
      });
      return items.map((item) => ({
        poolId,
        slotStartMs: Number(item.sk?.S),
        epoch: numberAttribute(item, 'epoch'),
        body: jsonAttribute(item, 'body'),
      }));
    },
    async putDocument(id, body, epoch) {
      const outcome = await callConditional(`write document ${id}`, () =>
        client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: { ...keys.document(id), epoch: number(epoch), body: json(body) },
            ConditionExpression: notStale,
            ExpressionAttributeValues: { ':epoch': number(epoch) },
          }),
        ),
      );
      return outcome.ok ? 'written' : 'stale';
    },
    async getDocument(id) {
      const { Item: item } = await call(`read document ${id}`, () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: keys.document(id), ConsistentRead: true })),
      );
      return item === undefined ? null : (jsonAttribute(item, 'body') ?? null);
    },
  };
}
