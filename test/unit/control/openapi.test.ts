import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../lib/app/http/openapi.ts';
import { operatorRoutes } from '../../../lib/app/http/operator.ts';
import { createWorld } from '../../support/scaler-world.ts';
import { createTestRegion } from '../../support/test-region.ts';

/** A region with all its routes: the operator's are mounted by whoever has the scaler. */
async function createWholeRegion() {
  const region = await createTestRegion();
  region.control.http.route('/', operatorRoutes({ authenticate: () => null, scaler: createWorld().deps('test') }));
  return region;
}

interface Operation {
  operationId: string;
  security?: unknown;
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, unknown>;
}
const document = openApiDocument() as { openapi: string; paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

describe('OpenAPI document', () => {
  it('is 3.1, served, and has unique operation ids and an answer for problems everywhere', async () => {
    const region = await createTestRegion();
    const served = await region.call('GET', '/v1/openapi.json', { key: null });
    expect(served.body).toEqual(JSON.parse(JSON.stringify(document)));
    expect(document.openapi).toBe('3.1.0');
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) expect(operation.responses).toHaveProperty('default');
  });

  it('lists exactly the routes that the app serves', async () => {
    const region = await createWholeRegion();
    const served = new Set(
      region.control.http.routes
        .filter((route) => route.path.startsWith('/v1/'))
        .map((route) => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`),
    );
    expect(new Set(operations.map(({ method, path }) => `${method} ${path}`))).toEqual(served);
  });

  it('says which routes need a key, as they really do', async () => {
    const region = await createWholeRegion();
    for (const { method, path, operation } of operations) {
      const answer = await region.call(method, path.replace(/\{\w+\}/g, 'x'), { key: null });
      expect([method, path, answer.status === 401]).toEqual([method, path, operation.security !== undefined]);
    }
  });

  it('says what may be asked of the slots', () => {
    const parameters = document.paths['/v1/slots']?.get?.parameters ?? [];
    expect(parameters.map((parameter) => [parameter.in, parameter.name])).toEqual([
      ['query', 'pool'],
      ['query', 'from'],
      ['query', 'to'],
    ]);
  });

  it('carries the constraints of the schemas that validate', () => {
    const body = document.paths['/v1/placements']?.post?.requestBody?.content['application/json']?.schema;
    expect(body).toMatchObject({ type: 'object', required: ['appId'], additionalProperties: false });
    expect(body?.properties).toMatchObject({ acceleration: { type: 'number', exclusiveMinimum: 0, maximum: 1000 } });
  });
});

describe('browsers', () => {
  it('may ask before they send, and read what they get', async () => {
    const region = await createTestRegion();
    const origin = { origin: 'https://app.example' };
    const preflight = await region.call('OPTIONS', '/v1/invocations', { key: null, headers: origin });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    const answer = await region.call('POST', '/v1/placements', { json: { appId: 'none' }, headers: origin });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const plain = await region.call('GET', '/v1/ping', { key: null });
    expect(plain.headers.get('access-control-allow-origin')).toBeNull();
  });
});
