import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { problemBase, problemTypes } from '../../../lib/ports/contracts/problem.ts';
import { createTestRegion, keys } from '../../support/test-region.ts';

type Region = Awaited<ReturnType<typeof createTestRegion>>;

const manifest = {
  id: 'mine',
  version: '1.0.0',
  runtime: 'node',
  entry: 'main.js',
  methods: { run: {} },
};
const bundleOf = (files: Record<string, string>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
const goodBundle = bundleOf({ 'oaas.json': JSON.stringify(manifest), 'main.js': 'export const run = () => 1' });
const zip = (bytes: Uint8Array) => ({
  key: 'admin' as const,
  body: new Uint8Array(bytes),
  headers: { 'content-type': 'application/zip', 'content-length': String(bytes.length) },
});
const sla = (body: Record<string, unknown>) => (region: Region) =>
  region.call('PUT', '/v1/slas/s', { key: 'admin', json: { id: 's', targetMs: 100, ...body } });
const slaText = (text: string) => (region: Region) =>
  region.call('PUT', '/v1/slas/s', { key: 'admin', body: text, headers: { 'content-type': 'application/json' } });
const placeText = (body: string) => (region: Region) =>
  region.call('POST', '/v1/placements', { body, headers: { 'content-type': 'application/json' } });
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const place = (json: unknown) => (region: Region) => region.call('POST', '/v1/placements', { json });

/** What is sent, the problem it must get, and the value and the fix that its text must hold. */
const cases: [string, (region: Region) => ReturnType<Region['call']>, keyof typeof problemTypes, RegExp[]][] = [
  ['unknown app', place({ appId: 'nope' }), 'unknown-app', [/"nope"/, /register/]],
  ['unknown method', place({ appId: 'demo', method: 'fly' }), 'unknown-method', [/"fly"/, /run, again/]],
  ['unknown SLA', place({ appId: 'demo', slaId: 'gold' }), 'unknown-sla', [/"gold"/, /known: default/]],
  [
    'unknown group',
    (region) => region.call('POST', '/v1/groups/huge/placements', { json: { appId: 'demo' } }),
    'unknown-group',
    [/"huge"/, /\/v1\/placements/],
  ],
  [
    'more memory than any group has',
    place({ appId: 'demo', requirements: { memoryMiB: 999_999 } }),
    'no-group-serves',
    [/999999 MiB/, /1024 MiB and 2 vCPUs/],
  ],
  [
    'a runtime that no group has',
    place({ appId: 'demo', requirements: { runtime: 'jvm' } }),
    'no-group-serves',
    [/runtime jvm/, /runtimes offered: node on linux/],
  ],
  [
    'a group that does not serve the app, on its own route',
    (region) =>
      region.call('POST', '/v1/groups/small/placements', { json: { appId: 'demo', requirements: { vcpus: 9 } } }),
    'no-group-serves',
    [/"small"/, /9 vCPUs/],
  ],
  [
    'a speed that no VM has',
    async (region) => {
      await region.addVm();
      return place({ appId: 'demo', acceleration: 8 })(region);
    },
    'no-group-serves',
    [/acceleration 8/, /fastest VM of the pool has 1/],
  ],
  ['a wrong type', place({ appId: 'demo', acceleration: 'fast' }), 'invalid-request', [/acceleration/, /"fast"/]],
  ['a missing field', place({ method: 'run' }), 'invalid-request', [/appId/, /received nothing/]],
  ['an unknown field', place({ appId: 'demo', colour: 'red' }), 'invalid-request', [/colour/]],
  ['a body that is no object', place([1, 2]), 'invalid-request', [/expected object/]],
  ['a negative number', place({ appId: 'demo', localEstimateMs: -1 }), 'invalid-request', [/localEstimateMs/, /-1/]],
  [
    'malformed JSON',
    (region) =>
      region.call('POST', '/v1/placements', { body: '{"appId": ', headers: { 'content-type': 'application/json' } }),
    'invalid-request',
    [/not valid JSON/, /appId/],
  ],
  [
    'another content type',
    (region) =>
      region.call('POST', '/v1/placements', { body: 'appId=demo', headers: { 'content-type': 'text/plain' } }),
    'unsupported-media-type',
    [/"text\/plain"/, /application\/json/],
  ],
  [
    'an oversized body',
    place({ appId: 'demo', method: 'x'.repeat(20_000) }),
    'body-too-large',
    [/20\d\d\d bytes/, /16384/],
  ],
  [
    'an oversized body that does not say so',
    (region) =>
      region.call('POST', '/v1/placements', {
        body: new ReadableStream({
          pull(controller) {
            controller.enqueue(new Uint8Array(8_192));
          },
        }),
        headers: { 'content-type': 'application/json' },
      }),
    'body-too-large',
    [/more than 16384/],
  ],
  [
    'an invocation without a request id',
    (region) => region.call('POST', '/v1/invocations', { json: { appId: 'demo' } }),
    'invalid-request',
    [/requestId/],
  ],
  [
    'no key',
    (region) => region.call('POST', '/v1/placements', { key: null, json: { appId: 'demo' } }),
    'unauthenticated',
    [/no Authorization header/, /Bearer KEY/],
  ],
  [
    'a key nobody has',
    (region) =>
      region.call('POST', '/v1/placements', { key: null, json: {}, headers: { authorization: 'Bearer zzz' } }),
    'unauthenticated',
    [/not known/],
  ],
  [
    'a device key on an admin route',
    (region) => region.call('PUT', '/v1/slas/s', { json: {} }),
    'forbidden',
    [/device key/, /PUT \/v1\/slas\/s/, /admin/],
  ],
  ['a device key on the status', (region) => region.call('GET', '/v1/status'), 'forbidden', [/admin/]],
  [
    'an agent key on placements',
    (region) => region.call('POST', '/v1/placements', { key: 'agent', json: {} }),
    'forbidden',
    [/agent key/],
  ],
  [
    'a device key on bundles',
    (region) => region.call('GET', `/v1/bundles/${'a'.repeat(64)}`),
    'forbidden',
    [/agent or admin/],
  ],
  [
    'an unknown route',
    (region) => region.call('GET', '/v2/everything'),
    'not-found',
    [/GET \/v2\/everything/, /openapi/],
  ],
  [
    'an unknown bundle',
    (region) => region.call('GET', '/v1/bundles/..%2f..%2fetc', { key: 'agent' }),
    'not-found',
    [/SHA-256/],
  ],
  ['an unknown task', (region) => region.call('DELETE', '/v1/tasks/t9', { key: 'admin' }), 'unknown-task', [/"t9"/]],
  ['an SLA that is not there', (region) => region.call('GET', '/v1/slas/s', { key: 'admin' }), 'unknown-sla', [/"s"/]],
  ['a negative target', sla({ targetMs: -5 }), 'invalid-request', [/targetMs/, /-5/]],
  ['an absurd target', sla({ targetMs: 1e300 }), 'invalid-request', [/targetMs/, /1e\+300/]],
  ['a target that is not a number', sla({ targetMs: 'NaN' }), 'invalid-request', [/targetMs/, /"NaN"/]],
  ['NaN itself', slaText('{"id": "s", "targetMs": NaN}'), 'invalid-request', [/not valid JSON/, /NaN/]],
  [
    'more than infinity',
    slaText('{"id": "s", "targetMs": 1e999}'),
    'invalid-request',
    [/targetMs/, /received "Infinity"\)/],
  ],
  ['an attainment above one', sla({ attainment: 1.5 }), 'invalid-request', [/attainment/, /1.5/]],
  ['an id that is not the address', sla({ id: 'other' }), 'invalid-request', [/"s"/, /"other"/]],
  [
    'an app of another name than its manifest',
    (region) =>
      region.call('PUT', '/v1/apps/other', {
        key: 'admin',
        json: { id: 'other', digest: 'a'.repeat(64), bundleBytes: 5, manifest },
      }),
    'invalid-request',
    [/manifest\.id/, /"other"/, /"mine"/],
  ],
  [
    'a group with more VMs at least than at most',
    (region) =>
      region.call('PUT', '/v1/groups/g', {
        key: 'admin',
        json: { id: 'g', runtimes: ['node'], memoryMiB: 1, vcpus: 1, minVms: 9, maxVms: 3 },
      }),
    'invalid-request',
    [/minVms/, /maxVms/, /received 9/],
  ],
  [
    'an app whose bundle is not there',
    (region) =>
      region.call('PUT', '/v1/apps/mine', {
        key: 'admin',
        json: { id: 'mine', digest: 'b'.repeat(64), bundleBytes: 5, manifest },
      }),
    'invalid-bundle',
    [/bbbb/, /upload/],
  ],
  [
    'an outdated version',
    (region) =>
      region.call('PUT', '/v1/slas/default', {
        key: 'admin',
        json: { id: 'default', targetMs: 1 },
        headers: { 'if-match': '"7"' },
      }),
    'version-conflict',
    [/version 7/, /read it again/],
  ],
  [
    'a version that is none',
    (region) => region.call('PUT', '/v1/slas/default', { key: 'admin', json: {}, headers: { 'if-match': 'W/x' } }),
    'invalid-request',
    [/if-match/, /etag/],
  ],
  [
    'a version beyond all numbers',
    (region) =>
      region.call('PUT', '/v1/slas/default', {
        key: 'admin',
        json: {},
        headers: { 'if-match': `"${'9'.repeat(400)}"` },
      }),
    'invalid-request',
    [/if-match/, /etag/],
  ],
  ...(['GET', 'DELETE'] as const).flatMap((method) =>
    (['sla', 'app', 'group'] as const).map((kind): (typeof cases)[number] => [
      `${method} of a ${kind} whose id no key of the store can hold`,
      (region) => region.call(method, `/v1/${kind}s/${'x'.repeat(3_000)}`, { key: 'admin' }),
      `unknown-${kind}`,
      [/"xxx/, new RegExp(`GET /v1/${kind}s`)],
    ]),
  ),
  [
    'arrays in arrays in a placement',
    placeText(`{"appId": ${nested(8_000)}}`),
    'invalid-request',
    [/1000 levels/, /flatter/],
  ],
  ['arrays in arrays in an SLA', slaText(nested(100_000)), 'invalid-request', [/1000 levels/, /flatter/]],
  [
    'arguments that no surrogate could be sent',
    (region) =>
      region.call('POST', '/v1/invocations', {
        body: `{"appId": "demo", "method": "run", "requestId": "r", "args": {"type": "application/json", "json": ${nested(200_000)}}}`,
        headers: { 'content-type': 'application/json' },
      }),
    'invalid-request',
    [/1000 levels/, /flatter/],
  ],
  [
    'a body whose client goes away',
    (region) =>
      region.call('POST', '/v1/placements', {
        body: new ReadableStream({
          pull(controller) {
            controller.error(new Error('aborted'));
          },
        }),
        headers: { 'content-type': 'application/json' },
      }),
    'invalid-request',
    [/ended before it was complete/, /aborted/],
  ],
  [
    'a quota of next to nothing',
    (region) =>
      region.call('PUT', '/v1/groups/g', {
        key: 'admin',
        json: { id: 'g', runtimes: ['node'], memoryMiB: 1, vcpus: 1, quotaPerPrincipalPerS: 5e-324 },
      }),
    'invalid-request',
    [/quotaPerPrincipalPerS/, /5e-324/],
  ],
  [
    'a bundle with another digest',
    (region) => region.call('PUT', `/v1/bundles/${'c'.repeat(64)}`, zip(goodBundle)),
    'invalid-bundle',
    [/cccc/, new RegExp(createHash('sha256').update(goodBundle).digest('hex'))],
  ],
  [
    'a bundle that is no zip',
    (region) => region.call('POST', '/v1/bundles', zip(strToU8('hello'))),
    'invalid-bundle',
    [/not a zip/],
  ],
  [
    'a bundle that climbs out',
    (region) =>
      region.call(
        'POST',
        '/v1/bundles',
        zip(bundleOf({ 'oaas.json': JSON.stringify(manifest), 'main.js': '', '../../evil': 'x' })),
      ),
    'invalid-bundle',
    [/"\.\.\/\.\.\/evil"/, /leads elsewhere/],
  ],
  [
    'a bundle without a manifest',
    (region) => region.call('POST', '/v1/bundles', zip(bundleOf({ 'main.js': '' }))),
    'invalid-bundle',
    [/oaas\.json/],
  ],
  [
    'a manifest that is not valid',
    (region) =>
      region.call(
        'POST',
        '/v1/bundles',
        zip(bundleOf({ 'oaas.json': JSON.stringify({ ...manifest, version: 'one' }), 'main.js': '' })),
      ),
    'invalid-bundle',
    [/version/, /semantic version/],
  ],
  [
    'an entry that the bundle does not hold',
    (region) =>
      region.call('POST', '/v1/bundles', zip(bundleOf({ 'oaas.json': JSON.stringify(manifest), 'other.js': '' }))),
    'invalid-bundle',
    [/"main\.js"/, /does not hold/],
  ],
];

describe('bad input to the regional endpoint', () => {
  it.each(cases)('%s', async (_, send, type, texts) => {
    const region = await createTestRegion();
    const before = await region.configStore.list('sla');
    const answer = await send(region);
    expect(answer.body).toMatchObject({ type: `${problemBase}${type}`, status: problemTypes[type] });
    expect(answer.status).toBe(problemTypes[type]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    for (const text of texts) expect(answer.body.detail).toMatch(text);
    // Nothing is lost: configuration is as before and the endpoint goes on.
    expect(await region.configStore.list('sla')).toEqual(before);
    region.advance(10_000);
    await region.addVm({ vmId: 'vm-after' });
    const next = await region.call('POST', '/v1/placements', { json: { appId: 'demo', method: 'run' } });
    expect(next.body).toMatchObject({ decision: 'remote' });
    expect(region.errors).toEqual([]);
  });

  it('names every offending field at once', async () => {
    const region = await createTestRegion();
    const answer = await place({ appId: '', acceleration: -1, exclude: 'x' })(region);
    const errors = answer.body.errors as { field: string }[];
    expect(errors.map((error) => error.field).sort()).toEqual(['acceleration', 'appId', 'exclude']);
  });

  it('names the first twenty of thousands of wrong values', async () => {
    const region = await createTestRegion();
    const json = { id: 'g', runtimes: Array(30_000).fill(1), memoryMiB: 1, vcpus: 1 };
    const answer = await region.call('PUT', '/v1/groups/g', { key: 'admin', json });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveLength(20);
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`key${i}`, 1]));
    const unknown = await place({ appId: 'demo', ...keys })(region);
    expect(unknown.body.detail).toContain('"key0"');
    for (const { body } of [answer, unknown]) expect(JSON.stringify(body).length).toBeLessThan(10_000);
  });

  it('takes what is nested as deep as allowed, and brackets in strings for what they are', async () => {
    const region = await createTestRegion();
    for (const appId of ['['.repeat(5_000), '\\"['.repeat(2_000)]) {
      const answer = await place({ appId })(region);
      expect(answer.body.errors).toMatchObject([{ field: 'appId' }]);
    }
    const deep = await placeText(`{"appId": ${nested(999)}}`)(region);
    expect(deep.body.errors).toMatchObject([{ field: 'appId' }]);
  });

  it('never shows a key or a long body in its answer', async () => {
    const region = await createTestRegion();
    const answer = await place({ appId: 'x'.repeat(9_000) })(region);
    expect(JSON.stringify(answer.body).length).toBeLessThan(1_500);
    expect(JSON.stringify(answer.body)).not.toContain(keys.device);
  });
});

it('registers a good bundle, which then can be placed and fetched by agents', async () => {
  const region = await createTestRegion();
  const registered = await region.call('POST', '/v1/bundles', zip(goodBundle));
  expect(registered).toMatchObject({ status: 201, body: { id: 'mine', bundleBytes: goodBundle.length } });
  await region.addVm();
  const placed = await region.call('POST', '/v1/placements', { json: { appId: 'mine', method: 'run' } });
  expect(placed.body).toMatchObject({ decision: 'remote', appDigest: registered.body.digest });
  const fetched = await region.control.http.request(`/v1/bundles/${registered.body.digest}`, {
    headers: { authorization: `Bearer ${keys.agent}` },
  });
  expect(new Uint8Array(await fetched.arrayBuffer())).toEqual(goodBundle);
});
