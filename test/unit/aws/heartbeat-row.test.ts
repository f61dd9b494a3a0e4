import { deflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Item } from '../../../lib/adapters/aws/dynamodb-client.ts';
import { principalOf } from '../../../lib/adapters/aws/ec2/vm-id.ts';
import { heartbeatAttributes, readHeartbeat } from '../../../lib/adapters/aws/heartbeat-row.ts';
import { keys } from '../../../lib/adapters/aws/keys.ts';
import { countResponse } from '../../../lib/domain/scaling/response-buckets.ts';
import type { Heartbeat } from '../../../lib/ports/vm.ts';
import { createIdentity } from '../../../surrogate/certificate.ts';
import { randomSource } from '../../support/planner-problems.ts';

const vmId = 'i-0a1b2c3d4e5f60718-ap-southeast-2';

/** What a VM says after days of work for some apps, its numbers as long as they get. */
function busyReport(apps: number, seed: number): Heartbeat {
  const next = randomSource(seed);
  const digest = () => Array.from({ length: 64 }, () => Math.floor(next() * 16).toString(16)).join('');
  const responseBuckets = {};
  for (let i = 0; i < 5_000; i++) countResponse(responseBuckets, 20 * Math.exp(2 * (next() + next() + next() - 1.5)));
  const bucket = 3_587_000_000 + Math.floor(next() * 1e6);
  const { certPem, certSha256 } = createIdentity(vmId, 1_790_000_000_000);
  return {
    vmId,
    bootNonce: Array.from({ length: 22 }, () => 'abcdefghijklmnop'[Math.floor(next() * 16)]).join(''),
    url: 'https://203.0.113.177:8443',
    certPem,
    certSha256,
    atMs: 1_790_000_000_000 + Math.floor(next() * 1e9),
    sequence: Math.floor(next() * 1e7),
    state: 'ready',
    running: Math.floor(next() * 64),
    waiting: Math.floor(next() * 256),
    claimedByBucket: Object.fromEntries([0, 1, 2, 3, 4].map((i) => [bucket + i, Math.floor(next() * 40)])),
    completed: Math.floor(next() * 1e8),
    responseSumMs: next() * 1e10,
    responseBuckets,
    refused: Math.floor(next() * 1e6),
    handedOff: Math.floor(next() * 1e6),
    demandByApp: Object.fromEntries(
      Array.from({ length: apps }, () => [
        digest(),
        { runs: Math.floor(next() * 1e8), cpuS: next() * 1e6, prepCpuS: next() * 1e6 },
      ]),
    ),
    bootMs: Math.floor(next() * 1e5),
    readyAtMs: 1_790_000_000_000,
    isolation: 'bubblewrap',
    runtimes: { node: 'Node.js v22.14.0', jvm: 'Java 17.0.15', art: 'dalvikvm64 of /opt/oaas/art' },
  };
}

/** An item's size by DynamoDB's rules: names and values in UTF-8, numbers two digits a byte and one more. */
function sizeOf(item: Item): number {
  const value = ({ S, N, B }: AttributeValue): number =>
    S !== undefined ? Buffer.byteLength(S) : N !== undefined ? Math.ceil(N.length / 2) + 1 : (B?.length ?? 0);
  return Object.entries(item).reduce((sum, [name, attribute]) => sum + Buffer.byteLength(name) + value(attribute), 0);
}

const rowOf = (report: Heartbeat): Item => ({
  ...keys.heartbeat(principalOf(report.vmId, '123456789012')),
  ...heartbeatAttributes(report),
});

describe('a heartbeat row', () => {
  it('is one write unit for a busy VM of one app, and little more than half of its JSON for many', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(sizeOf(rowOf(busyReport(1, seed))), `seed ${seed}`).toBeLessThan(1_000);
      const many = busyReport(12, seed);
      expect(sizeOf(rowOf(many))).toBeLessThan(0.55 * JSON.stringify(many).length);
    }
  });

  it('is read as it was written, certificate included', () => {
    const report = busyReport(2, 7);
    expect(readHeartbeat(rowOf(report))).toEqual(report);
    for (const certPem of ['', 'none', report.certPem.replaceAll('\n', '\r\n')]) {
      const odd = { ...report, certPem };
      expect(readHeartbeat(rowOf(odd))).toEqual(odd);
    }
    const otherHash = { ...report, certSha256: 'x' };
    expect(readHeartbeat(rowOf(otherHash))).toEqual(otherHash);
  });

  it('of an earlier agent is JSON', () => {
    const report = busyReport(1, 3);
    expect(readHeartbeat({ body: { S: JSON.stringify(report) } })).toEqual(report);
  });

  it('that is no report, or would be far too long a one, is none', () => {
    const bomb = deflateRawSync(Buffer.alloc(64 << 20, '0'));
    expect(bomb.length).toBeLessThan(100_000);
    for (const B of [bomb, Buffer.from('no deflate'), deflateRawSync('no JSON')])
      expect(readHeartbeat({ report: { B } })).toBeNull();
    expect(readHeartbeat({})).toBeNull();
  });
});
