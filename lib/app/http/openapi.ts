import { z } from 'zod';
import { configSchemas } from '../../ports/contracts/config.ts';
import {
  descriptorSchema,
  livePlanSchema,
  operatorPaths,
  slotsResponseSchema,
  statusResponseSchema,
} from '../../ports/contracts/operator.ts';
import { problemSchema } from '../../ports/contracts/problem.ts';
import {
  appRegistrationSchema,
  invocationRequestSchema,
  invocationResponseSchema,
  paths,
  placementRequestSchema,
  placementResponseSchema,
  regionsResponseSchema,
  runningTaskSchema,
  uploadRequestSchema,
  uploadResponseSchema,
} from '../../ports/contracts/wire.ts';
import type { Scope } from './identity.ts';

interface Operation {
  method: 'get' | 'put' | 'post' | 'delete';
  path: string;
  summary: string;
  /** Who may call; empty: anyone. */
  scopes: readonly Scope[];
  /** Parameters behind the `?`, all optional, each with its meaning. */
  query?: Record<string, string>;
  request?: z.ZodType | 'zip';
  response?: z.ZodType | 'zip';
  status?: number;
}

const pingSchema = z.object({ region: z.string() });
const keysSchema = z.object({
  keys: z.array(
    z.object({ kty: z.string(), crv: z.string(), x: z.string(), kid: z.string(), alg: z.string(), use: z.string() }),
  ),
});
const tasksSchema = z.object({ tasks: z.array(runningTaskSchema), silent: z.array(z.string()) });
const killedSchema = z.object({ killed: z.string() });

const operations: readonly Operation[] = [
  {
    method: 'get',
    path: paths.ping,
    summary: 'Smallest answer, for measuring the round trip',
    scopes: [],
    response: pingSchema,
  },
  {
    method: 'get',
    path: paths.regions,
    summary: 'Every region and its endpoint',
    scopes: [],
    response: regionsResponseSchema,
  },
  {
    method: 'get',
    path: paths.keys,
    summary: 'Public keys that verify tickets (JWK set)',
    scopes: [],
    response: keysSchema,
  },
  { method: 'get', path: paths.openapi, summary: 'This document', scopes: [], response: z.object({}) },
  {
    method: 'post',
    path: paths.placements,
    summary: 'Where to run a task: a ticket with candidate surrogates, or the advice to run it locally',
    scopes: ['device', 'admin'],
    request: placementRequestSchema,
    response: placementResponseSchema,
  },
  {
    method: 'post',
    path: paths.groupPlacements('{id}'),
    summary: 'The same on the VM-type group of an earlier answer, without the classifier',
    scopes: ['device', 'admin'],
    request: placementRequestSchema,
    response: placementResponseSchema,
  },
  {
    method: 'post',
    path: paths.invocations,
    summary: 'Placement and task in one call, for clients that cannot pin a certificate',
    scopes: ['device', 'admin'],
    request: invocationRequestSchema,
    response: invocationResponseSchema,
  },
  {
    method: 'post',
    path: paths.bundles,
    summary: 'Store an app bundle and register the app of its manifest',
    scopes: ['admin'],
    request: 'zip',
    response: configSchemas.app,
    status: 201,
  },
  {
    method: 'put',
    path: paths.bundle('{digest}'),
    summary: 'The same, with the SHA-256 that the bytes must have',
    scopes: ['admin'],
    request: 'zip',
    response: configSchemas.app,
    status: 201,
  },
  {
    method: 'post',
    path: paths.uploads,
    summary: 'Where to put a bundle that is too large for this endpoint (4 MB); null when it is stored already',
    scopes: ['admin'],
    request: uploadRequestSchema,
    response: uploadResponseSchema,
    status: 201,
  },
  {
    method: 'post',
    path: paths.apps,
    summary: 'Register the app of a bundle that was uploaded',
    scopes: ['admin'],
    request: appRegistrationSchema,
    response: configSchemas.app,
    status: 201,
  },
  {
    method: 'get',
    path: paths.bundle('{digest}'),
    summary: 'A stored bundle',
    scopes: ['agent', 'admin'],
    response: 'zip',
  },
  {
    method: 'get',
    path: paths.status,
    summary: 'Pools, VMs and faults of the region',
    scopes: ['admin'],
    response: statusResponseSchema,
  },
  {
    method: 'get',
    path: operatorPaths.slots,
    summary: 'What the scaler saw, expected, decided and did, slot by slot',
    scopes: ['admin'],
    query: {
      pool: 'only this pool',
      from: 'first start of a slot, epoch milliseconds; without it thirty slots before `to`',
      to: 'end, epoch milliseconds, excluded; without it all up to now',
    },
    response: slotsResponseSchema,
  },
  {
    method: 'get',
    path: operatorPaths.plan,
    summary: 'What the scaler would do now and why; changes nothing',
    scopes: ['admin'],
    response: livePlanSchema,
  },
  {
    method: 'get',
    path: operatorPaths.descriptor,
    summary: "The IoT paper's back-end descriptor: app, host, ports and location",
    scopes: ['admin'],
    response: descriptorSchema,
  },
  {
    method: 'get',
    path: paths.tasks,
    summary: 'Tasks running and waiting on every VM',
    scopes: ['admin'],
    response: tasksSchema,
  },
  {
    method: 'delete',
    path: paths.task('{id}'),
    summary: 'Kill a task and its process tree',
    scopes: ['admin'],
    response: killedSchema,
  },
  ...(['sla', 'app', 'group'] as const).flatMap((kind): Operation[] => [
    {
      method: 'get',
      path: paths.config(kind),
      summary: `Every ${kind}`,
      scopes: ['admin'],
      response: z.object({ items: z.array(configSchemas[kind]) }),
    },
    {
      method: 'get',
      path: paths.config(kind, '{id}'),
      summary: `One ${kind}; its version is the etag`,
      scopes: ['admin'],
      response: configSchemas[kind],
    },
    {
      method: 'put',
      path: paths.config(kind, '{id}'),
      summary: `Create or replace a ${kind}; with if-match only over that version`,
      scopes: ['admin'],
      request: configSchemas[kind],
      response: configSchemas[kind],
    },
    { method: 'delete', path: paths.config(kind, '{id}'), summary: `Remove a ${kind}`, scopes: ['admin'], status: 204 },
  ]),
];

/** OpenAPI 3.1 of the regional endpoint, made from the very schemas that validate. */
export function openApiDocument(): Record<string, unknown> {
  const routes: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    routes[operation.path] ??= {};
    routes[operation.path]![operation.method] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'OaaS regional endpoint',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: routes,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
  };
}

function describe(operation: Operation): Record<string, unknown> {
  const schema = { type: 'string' };
  const parameters = [
    ...[...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema })),
    ...Object.entries(operation.query ?? {}).map(([name, description]) => ({ name, in: 'query', description, schema })),
  ];
  const scope = operation.scopes.length === 0 ? 'Open to anyone.' : `Key of scope ${operation.scopes.join(' or ')}.`;
  return {
    summary: operation.summary,
    description: scope,
    operationId: `${operation.method}${operation.path.replace(/^\/v1/, '').replace(/[^a-z]+(\w?)/gi, (_, next: string) => next.toUpperCase())}`,
    ...(operation.scopes.length === 0 ? {} : { security: [{ key: [] }] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.request === undefined
      ? {}
      : { requestBody: { required: true, content: content(operation.request, 'input') } }),
    responses: {
      [operation.status ?? 200]: {
        description: 'Done',
        ...(operation.response === undefined ? {} : { content: content(operation.response, 'output') }),
      },
      default: {
        description: 'Problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function content(body: z.ZodType | 'zip', io: 'input' | 'output'): Record<string, unknown> {
  return body === 'zip'
    ? { 'application/zip': { schema: { type: 'string', format: 'binary' } } }
    : { 'application/json': { schema: jsonSchema(body, io) } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
