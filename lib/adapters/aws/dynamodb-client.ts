import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { StoreUnavailableError } from '../../ports/errors.ts';
import { sdkClient } from './sdk-client.ts';

export type Item = Record<string, AttributeValue>;

export interface DynamoDbOptions {
  /** AWS region; any name when `endpoint` is an embedded DynamoDB. */
  region: string;
  /** Another server that speaks the DynamoDB protocol, e.g. `http://127.0.0.1:8000`; it gets placeholder credentials. */
  endpoint?: string;
}

/** Worst case of one call: 3 attempts x 2 s. */
export function createDynamoDbClient({ region, endpoint }: DynamoDbOptions): DynamoDBClient {
  return sdkClient(DynamoDBClient, 'store', {
    region,
    ...(endpoint === undefined ? {} : { endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  });
}

/** Runs a call; anything that says "no answer" or "too busy" becomes StoreUnavailableError, the rest is passed on. */
export async function call<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw translate(what, error);
  }
}

/** Like `call`, but a failed condition is an outcome: the row as stored when the server sends it along, else null. */
export async function callConditional(
  what: string,
  run: () => Promise<unknown>,
): Promise<{ ok: true } | { ok: false; item: Item | null }> {
  try {
    await run();
    return { ok: true };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { ok: false, item: error.Item ?? null };
    throw translate(what, error);
  }
}

const busy = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ReplicatedWriteConflictException',
]);

function translate(what: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const refused = status !== undefined && status >= 400 && status < 500 && !busy.has(error.name);
  if (refused) return error;
  return new StoreUnavailableError(`${what}: no answer from DynamoDB (${error.name}: ${error.message})`, {
    cause: error,
  });
}

/** Every item of a partition, or of a range of it; all pages. */
export async function queryAll(
  client: DynamoDBClient,
  input: Omit<QueryCommandInput, 'ExclusiveStartKey'>,
): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await call(`query ${input.TableName}`, () =>
      client.send(new QueryCommand({ ...input, ExclusiveStartKey: start })),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

const batchLimit = 100;
const batchRounds = 5;

/** Items by key in any order; keys left unprocessed after a few rounds are an unknown, not an absence. */
export async function batchGet(client: DynamoDBClient, tableName: string, wanted: readonly Item[]): Promise<Item[]> {
  const items: Item[] = [];
  for (let from = 0; from < wanted.length; from += batchLimit) {
    let keys: Item[] = wanted.slice(from, from + batchLimit);
    for (let round = 0; keys.length > 0; round++) {
      if (round === batchRounds) {
        throw new StoreUnavailableError(`batch read of ${tableName}: ${keys.length} keys still unprocessed`);
      }
      const page = await call(`batch read ${tableName}`, () =>
        client.send(new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: keys } } })),
      );
      items.push(...(page.Responses?.[tableName] ?? []));
      keys = page.UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
  }
  return items;
}

/** A row's JSON attribute; undefined when it is absent or not JSON. */
export function jsonAttribute(item: Item, name: string): unknown {
  const text = item[name]?.S;
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const numberAttribute = (item: Item, name: string): number => Number(item[name]?.N ?? 0);
export const json = (value: unknown): AttributeValue => ({ S: JSON.stringify(value) ?? 'null' });
export const number = (value: number): AttributeValue => ({ N: String(value) });
