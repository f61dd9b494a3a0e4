import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ArrivalCount, ArrivalStore } from '../../ports/state-store.ts';
import { call, callConditional, number, numberAttribute, queryAll } from './dynamodb-client.ts';
import { keys, partitions, sortableMs, ttlAttribute } from './keys.ts';

const keepDays = 60;
const minuteMs = 60_000;
/** Sorts after every `#shard`. */
const afterShards = '#\uffff';

/** Counters sharded by writer, so that many controllers never share one item; summed on reading. */
export function createArrivalStore(client: DynamoDBClient, tableName: string): ArrivalStore {
  const markedActive = new Map<string, number>();

  const markActive = async (poolId: string, minuteStartMs: number): Promise<void> => {
    if ((markedActive.get(poolId) ?? -1) >= minuteStartMs) return;
    await callConditional(`mark pool ${poolId} active`, () =>
      client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: keys.activePool(poolId),
          UpdateExpression: 'SET lastMinuteMs = :minute',
          ConditionExpression: 'attribute_not_exists(pk) OR lastMinuteMs < :minute',
          ExpressionAttributeValues: { ':minute': number(minuteStartMs) },
        }),
      ),
    );
    markedActive.set(poolId, minuteStartMs);
  };

  return {
    async addArrivals(shard, counts) {
      for (const row of counts) {
        await call(`count arrivals of ${row.poolId}`, () =>
          client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: keys.arrivals(row.poolId, row.minuteStartMs, shard),
              UpdateExpression:
                'SET #ttl = :ttl ADD arrived :count, refused :refused, responseCount :responses, responseSumMs :sum',
              ExpressionAttributeNames: { '#ttl': ttlAttribute },
              ExpressionAttributeValues: {
                ':ttl': number(Math.ceil(row.minuteStartMs / 1000) + keepDays * 86_400),
                ':count': number(row.count),
                ':refused': number(row.refused),
                ':responses': number(row.responseCount),
                ':sum': number(row.responseSumMs),
              },
            }),
          ),
        );
        if (row.count > 0) await markActive(row.poolId, row.minuteStartMs);
      }
    },
    async listArrivals(poolId, fromMs, toMs) {
      const items = await queryAll(client, {
        TableName: tableName,
        KeyConditionExpression: 'pk = :pool AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pool': { S: partitions.arrivals(poolId) },
          ':from': { S: sortableMs(fromMs) },
          ':to': { S: `${sortableMs(toMs - 1)}${afterShards}` },
        },
        ConsistentRead: true,
      });
      const byMinute = new Map<number, ArrivalCount>();
      for (const item of items) {
        const minuteStartMs = Number(item.sk?.S?.split('#')[0]);
        const sum = byMinute.get(minuteStartMs) ?? emptyMinute(poolId, minuteStartMs);
        sum.count += numberAttribute(item, 'arrived');
        sum.refused += numberAttribute(item, 'refused');
        sum.responseCount += numberAttribute(item, 'responseCount');
        sum.responseSumMs += numberAttribute(item, 'responseSumMs');
        byMinute.set(minuteStartMs, sum);
      }
      return [...byMinute.values()];
    },
    async activePools(fromMs) {
      const items = await queryAll(client, {
        TableName: tableName,
        KeyConditionExpression: 'pk = :active',
        ExpressionAttributeValues: { ':active': { S: partitions.activePools } },
        ConsistentRead: true,
      });
      return items
        .filter((item) => numberAttribute(item, 'lastMinuteMs') + minuteMs > fromMs)
        .map((item) => item.sk?.S ?? '');
    },
  };
}

const emptyMinute = (poolId: string, minuteStartMs: number): ArrivalCount => ({
  poolId,
  minuteStartMs,
  count: 0,
  refused: 0,
  responseCount: 0,
  responseSumMs: 0,
});
