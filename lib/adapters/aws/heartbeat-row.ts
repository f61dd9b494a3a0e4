/*
 * A heartbeat is written every two seconds and more, so its row is kept below DynamoDB's write unit of 1,024 bytes as long as a VM runs
 * one app or two: the certificate as the bytes that it is, all else as JSON compressed with what every report repeats.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Heartbeat } from '../../ports/vm.ts';
import type { Item } from './dynamodb-client.ts';
import { jsonAttribute, number, numberAttribute } from './dynamodb-client.ts';

/** Part of the format: rows written with another one cannot be read. The most common last, as zlib wants it. */
const dictionary = Buffer.from(
  '"starting""draining""drained""process""claimedByBucket":{"358":1,"responseBuckets":{"-1":1,"2":1,"3":1,"10":1,' +
    '"runtimes":{"node":"Node.js v22.14.0","jvm":"Java 17.0.","art":"DEX translated to JVM bytecode, Java 17.0.' +
    'dalvikvm64 of /opt/oaas/art""jvm":null,"art":null}}"demandByApp":{"0123456789abcdef":{"runs":1,"cpuS":0.0,"prepCpuS":0.0}},' +
    '"bootMs":1,"readyAtMs":17,"isolation":"bubblewrap","{"vmId":"i-0-eu-central-1","url":"https://:8443",' +
    '"atMs":17,"state":"ready","running":0,"waiting":0,"claimedByBucket":{},"completed":0,"responseSumMs":0.,' +
    '"responseBuckets":{},"refused":0,"handedOff":0,"demandByApp":{}',
);
/** A report is small: no more memory for it than it can fill. */
const compression = { dictionary, level: 9, windowBits: 12, memLevel: 5 } as const;

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}/g, '$&\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;
const sha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

/** The report's attributes beside its key. */
export function heartbeatAttributes(report: Heartbeat): Item {
  const { bootNonce, sequence, certPem, certSha256, ...rest } = report;
  const cert = derOf(certPem);
  // What would not come back as it was stays in the JSON.
  const plain = pemOf(cert) !== certPem || sha256(cert) !== certSha256;
  return {
    nonce: { S: bootNonce },
    sequence: number(sequence),
    ...(plain ? {} : { cert: { B: cert } }),
    report: { B: deflateRawSync(JSON.stringify(plain ? { certPem, certSha256, ...rest } : rest), compression) },
  };
}

/** Longest report that is unpacked, bytes: a VM writes its row itself, and none needs as much. */
const longestReport = 1 << 18;

/** Null: no report of a form that is known. Agents of earlier versions wrote JSON. */
export function readHeartbeat(item: Item): Heartbeat | null {
  const packed = item.report?.B;
  if (packed === undefined) return (jsonAttribute(item, 'body') as Heartbeat | undefined) ?? null;
  try {
    const text = inflateRawSync(packed, { dictionary, maxOutputLength: longestReport }).toString();
    const bootNonce = item.nonce?.S ?? '';
    const report: Heartbeat = { bootNonce, sequence: numberAttribute(item, 'sequence'), ...JSON.parse(text) };
    const cert = item.cert?.B;
    return cert === undefined ? report : { ...report, certPem: pemOf(cert), certSha256: sha256(cert) };
  } catch {
    return null;
  }
}
