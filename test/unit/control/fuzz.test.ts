import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type ProblemType,
  problemBase,
  problemSchema,
  problemTitle,
  problemTypes,
} from '../../../lib/ports/contracts/problem.ts';
import { createTestRegion } from '../../support/test-region.ts';

const paths = [
  '/v1/placements',
  '/v1/invocations',
  '/v1/groups/small/placements',
  '/v1/slas/s',
  '/v1/groups/g',
  '/v1/bundles',
];

/** Bodies near the real ones: their fields, with values of every kind, and plain noise. */
const bodyArb = fc.oneof(
  fc
    .record(
      {
        appId: fc.oneof(fc.constant('demo'), fc.jsonValue()),
        method: fc.oneof(fc.constant('run'), fc.jsonValue()),
        requestId: fc.jsonValue(),
        args: fc.oneof(fc.constant({ type: 'application/json', json: 1 }), fc.jsonValue()),
        requirements: fc.jsonValue(),
        acceleration: fc.jsonValue(),
        localEstimateMs: fc.oneof(fc.double(), fc.jsonValue()),
        exclude: fc.jsonValue(),
        targetMs: fc.jsonValue(),
        __proto__: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string({ unit: 'binary' }),
);

/** Ids as they may stand in an address, valid and not. */
const idArb = fc.oneof(
  fc.constantFrom(
    'default',
    '__proto__',
    'constructor',
    '%00',
    '%ff',
    '%2e%2e',
    'a%2fb',
    '%F0%9F%98%80',
    'x'.repeat(3_000),
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
);
const versionArb = fc.oneof(
  fc.constantFrom('*', 'W/"1"', '"1e5"', '"-1"', `"${'9'.repeat(400)}"`),
  fc.nat().map((version) => `"${version}"`),
);

it('no address and no version makes the endpoint fail, and every refusal is a whole problem document', async () => {
  const region = await createTestRegion({ agents: { killTask: async () => 'absent' } });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('slas', 'apps', 'groups', 'tasks', 'bundles'),
      idArb,
      fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH'),
      versionArb,
      async (kind, id, method, version) => {
        // Nothing is there to be changed: what is answered well is a refusal.
        fc.pre(id !== 'default' || method === 'GET');
        const headers = { 'content-type': 'application/json', 'if-match': version };
        const sent = method === 'PUT' ? { headers, body: '{"id": 1}' } : { headers };
        const answer = await region.call(method, `/v1/${kind}/${id}`, { key: 'admin', ...sent });
        if (answer.status === 200) return;
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        const problem = problemSchema.parse(answer.body);
        const type = problem.type.slice(problemBase.length) as ProblemType;
        expect([problem.status, problem.title]).toEqual([problemTypes[type], problemTitle(type)]);
        expect(problem.status).toBe(answer.status);
        expect(problem.detail.length).toBeLessThan(1_500);
      },
    ),
    { numRuns: 2_000, seed: 12 },
  );
  expect(region.errors).toEqual([]);
});

it('no body makes the endpoint fail: every answer is a result or a problem with a cause of the client', async () => {
  const region = await createTestRegion({
    agents: {
      run: async () => ({
        ok: false,
        mayHaveRun: false,
        problem: { type: 'x', title: 'x', status: 429, detail: 'full' },
      }),
    },
  });
  await region.addVm();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom('POST', 'PUT'),
      fc.constantFrom('device' as const, 'admin' as const),
      bodyArb,
      async (path, method, key, body) => {
        const answer = await region.call(method, path, { key, body, headers: { 'content-type': 'application/json' } });
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: 3_000, seed: 11 },
  );
  expect(region.errors).toEqual([]);
});
