/**
 * Key layout of both tables; nothing else knows it. Every key is (pk, sk).
 *
 * | table | pk | sk | written by |
 * |---|---|---|---|
 * | config | `sla` / `app` / `group` | id | admin route, operators |
 * | state | `vms` | poolId#vmId | scaler |
 * | state | `heartbeat#principal` | `heartbeat` | that VM alone (IAM: leading key; the principal is the VM id, on EC2 the instance's ARN) |
 * | config | `region` | home region | that region's scaler |
 * | config | `price` | data centre | prices function |
 * | config | `device-key` | SHA-256 of the key | operators |
 * | state | `occupancy#poolId#cell` | vmId | group controllers |
 * | state | `arrivals#poolId` | minute#shard | group controllers |
 * | state | `active-pools` | poolId | group controllers |
 * | state | `leases` | name | scalers |
 * | state | `intents` | `open` (one item: its epoch fences every write) | scaler |
 * | state | `slots#poolId` | slot start | scaler |
 * | state | `documents` | key | scaler |
 * | state | `interruptions` | vmId | interruptions function |
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export const configTableName = 'oaas-config';
export const stateTableName = (regionId: string): string => `oaas-state-${regionId}`;

/** Attribute for DynamoDB's own deletion of old rows: housekeeping only, readers compare times themselves. */
export const ttlAttribute = 'expiresAtS';

type Key = { pk: AttributeValue.SMember; sk: AttributeValue.SMember };
const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });

/** Epoch milliseconds as text that sorts by time. */
export const sortableMs = (ms: number): string => String(Math.trunc(ms)).padStart(15, '0');

export const partitions = {
  vms: 'vms',
  occupancy: (poolId: string, cell: number) => `occupancy#${poolId}#${cell}`,
  arrivals: (poolId: string) => `arrivals#${poolId}`,
  activePools: 'active-pools',
  interruptions: 'interruptions',
  regions: 'region',
  slots: (poolId: string) => `slots#${poolId}`,
} as const;

export const keys = {
  config: (kind: string, id: string) => key(kind, id),
  vm: (poolId: string, vmId: string) => key(partitions.vms, `${poolId}#${vmId}`),
  heartbeat: (principal: string) => key(`heartbeat#${principal}`, 'heartbeat'),
  region: (id: string) => key(partitions.regions, id),
  price: (dataCentre: string) => key('price', dataCentre),
  deviceKey: (sha256: string) => key('device-key', sha256),
  interruption: (vmId: string) => key(partitions.interruptions, vmId),
  occupancy: (poolId: string, cell: number, vmId: string) => key(partitions.occupancy(poolId, cell), vmId),
  arrivals: (poolId: string, minuteStartMs: number, shard: string) =>
    key(partitions.arrivals(poolId), `${sortableMs(minuteStartMs)}#${shard}`),
  activePool: (poolId: string) => key(partitions.activePools, poolId),
  lease: (name: string) => key('leases', name),
  openIntents: () => key('intents', 'open'),
  slot: (poolId: string, slotStartMs: number) => key(partitions.slots(poolId), sortableMs(slotStartMs)),
  document: (id: string) => key('documents', id),
} as const;
