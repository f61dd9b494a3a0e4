import fc from 'fast-check';
import { expect, it } from 'vitest';
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
