/** Small tables' worth of rows beside configuration and state: endpoints, prices, device keys, interruption notices. */
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { PriceBook, PriceEntry, PriceFault } from '../../domain/pricing/price-book.ts';
import { priceKey } from '../../domain/pricing/price-book.ts';
import type { DeviceKeys } from '../../ports/device-keys.ts';
import type { InterruptionStore } from '../../ports/interruption-store.ts';
import type { PriceStore } from '../../ports/price-store.ts';
import type { RegionDirectory } from '../../ports/region-directory.ts';
import { call, type Item, json, jsonAttribute, number, numberAttribute, queryAll } from './dynamodb-client.ts';
import { keys, partitions, ttlAttribute } from './keys.ts';

export function createRegionDirectory(client: DynamoDBClient, configTable: string): RegionDirectory {
  return {
    async list() {
      const items = await queryAll(client, {
        TableName: configTable,
        KeyConditionExpression: 'pk = :regions',
        ExpressionAttributeValues: { ':regions': { S: partitions.regions } },
      });
      return items.map((item) => ({
        id: item.sk?.S ?? '',
        geography: item.geography?.S ?? '',
        endpoint: item.endpoint?.S ?? '',
      }));
    },
    async put({ id, geography, endpoint }) {
      const entry = { ...keys.region(id), geography: { S: geography }, endpoint: { S: endpoint } };
      await put(client, configTable, `enter region ${id}`, entry);
    },
  };
}

export function createPriceStore(client: DynamoDBClient, configTable: string): PriceStore {
  return {
    async read(dataCentre) {
      const item = await get(client, configTable, `read prices of ${dataCentre}`, keys.price(dataCentre));
      if (item === undefined) return null;
      const entries = (jsonAttribute(item, 'entries') ?? []) as PriceEntry[];
      return {
        entries: Object.fromEntries(entries.map((entry) => [priceKey(entry), entry])),
        setAside: (jsonAttribute(item, 'setAside') ?? []) as PriceFault[],
      };
    },
    async write(dataCentre, { entries, setAside }: PriceBook) {
      await put(client, configTable, `write prices of ${dataCentre}`, {
        ...keys.price(dataCentre),
        entries: json(Object.values(entries)),
        setAside: json(setAside),
      });
    },
  };
}

export function createDeviceKeys(client: DynamoDBClient, configTable: string): DeviceKeys {
  return {
    async find(sha256) {
      const item = await get(client, configTable, 'look a device key up', keys.deviceKey(sha256));
      return item?.revoked?.BOOL === true ? null : (item?.keyId?.S ?? null);
    },
  };
}

/** Notices are about machines that end within minutes; rows an hour old may go. */
const keepNoticeS = 3_600;

export function createInterruptionStore(client: DynamoDBClient, stateTable: string): InterruptionStore {
  return {
    async add({ vmId, atMs }) {
      await put(client, stateTable, `note the interruption of ${vmId}`, {
        ...keys.interruption(vmId),
        atMs: number(atMs),
        [ttlAttribute]: number(Math.floor(atMs / 1000) + keepNoticeS),
      });
    },
    async list(fromMs) {
      const items = await queryAll(client, {
        TableName: stateTable,
        KeyConditionExpression: 'pk = :interruptions',
        ExpressionAttributeValues: { ':interruptions': { S: partitions.interruptions } },
        ConsistentRead: true,
      });
      return items
        .map((item) => ({ vmId: item.sk?.S ?? '', atMs: numberAttribute(item, 'atMs') }))
        .filter((notice) => notice.atMs >= fromMs);
    },
  };
}

async function get(client: DynamoDBClient, table: string, what: string, Key: Item): Promise<Item | undefined> {
  return (await call(what, () => client.send(new GetItemCommand({ TableName: table, Key })))).Item;
}

async function put(client: DynamoDBClient, table: string, what: string, item: Item): Promise<void> {
  await call(what, () => client.send(new PutItemCommand({ TableName: table, Item: item })));
}
