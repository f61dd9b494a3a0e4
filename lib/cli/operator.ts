/** The operator's side of the command line: finds the system and speaks to its regions with the admin key. */
import type { Command } from 'commander';
import type { z } from 'zod';
import type { SigV4Request } from '../adapters/aws/sigv4.ts';
import { problemSchema } from '../ports/contracts/problem.ts';
import { defaultDataDir } from '../ports/contracts/system-file.ts';
import { paths, regionsResponseSchema } from '../ports/contracts/wire.ts';
import { badInput, CliError } from './errors.ts';
import { keysOfOwn, readSystemFile } from './system.ts';

export interface OperatorOptions {
  data: string;
  endpoint?: string;
  key?: string;
  region?: string;
  iam?: string;
  json?: boolean;
}

export interface OperatorRegion {
  id: string;
  geography: string;
  endpoint: string;
}

export interface Operator {
  regions: OperatorRegion[];
  /** Any one, for what all regions share (SLAs, apps, groups). */
  first: OperatorRegion;
  /** Validated answer. @throws CliError with the service's own explanation, or how to start one when none answers */
  get<S extends z.ZodType>(region: OperatorRegion, path: string, schema: S): Promise<z.output<S>>;
  send(
    region: OperatorRegion,
    method: 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }>;
}

/** Adds the options that `findOperator` reads. */
export function operatorOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder of a system started here with `oaas start`', defaultDataDir)
    .option('--endpoint <url>', 'a regional endpoint instead (environment: OAAS_ENDPOINT)')
    .option('--key <key>', 'admin key for --endpoint (environment: OAAS_ADMIN_KEY)')
    .option('--iam <region>', 'sign with AWS credentials for this AWS region (an API Gateway address needs no saying)')
    .option('--region <id>', 'only this region, by id or geography')
    .option('--json', 'write JSON');
}

const timeoutMs = 30_000;

export async function findOperator(options: OperatorOptions): Promise<Operator> {
  const named = options.endpoint ?? process.env.OAAS_ENDPOINT?.split(/[\s,]+/)[0];
  const namedKey = options.key ?? process.env.OAAS_ADMIN_KEY;
  const { regions, authorize } = named
    ? await remote(named, await remoteAuthorize(named, namedKey, options))
    : await local(options.data, namedKey);
  const wanted = options.region;
  const chosen = wanted === undefined ? regions : regions.filter((r) => r.id === wanted || r.geography === wanted);
  const [first] = chosen;
  if (first === undefined) {
    const known = regions.map((r) => `${r.id} (${r.geography})`).join(', ');
    throw badInput(`--region names "${wanted}", which is not one of ${known}`);
  }
  const call = async (region: OperatorRegion, method: string, path: string, body?: unknown) =>
    request(`${region.endpoint}${path}`, method, authorize, body);
  return {
    regions: chosen,
    first,
    async get(region, path, schema) {
      const answer = await call(region, 'GET', path);
      const parsed = schema.safeParse(answer.body);
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      throw new CliError(
        `${region.endpoint}${path} answers in another form (${issue?.path.join('.')}: ${issue?.message}); is it another version?`,
      );
    },
    send: call,
  };
}

/** Adds what says who calls. */
type Authorize = (request: SigV4Request) => Promise<Record<string, string>>;
const byKey =
  (key: string): Authorize =>
  async ({ headers }) => ({ ...headers, authorization: `Bearer ${key}` });

async function local(
  data: string,
  key: string | undefined,
): Promise<{ regions: OperatorRegion[]; authorize: Authorize }> {
  const file = await readSystemFile(data);
  return { regions: file.regions, authorize: byKey(key ?? file.keys.admin) };
}

async function remoteAuthorize(
  endpoint: string,
  key: string | undefined,
  options: OperatorOptions,
): Promise<Authorize> {
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) {
    throw badInput(`--endpoint must be an http(s) URL such as http://127.0.0.1:7400, received "${endpoint}"`);
  }
  // Admin routes on AWS take IAM signatures, no keys.
  const { apiGatewayRegion, createIamCaller } = await import('../adapters/aws/iam-caller.ts');
  const awsRegion = options.iam ?? apiGatewayRegion(endpoint);
  if (awsRegion !== null) return createIamCaller(awsRegion);
  const adminKey = key ?? (await keysOfOwn([endpoint], options.data))?.admin;
  if (adminKey === undefined) throw badInput('--endpoint needs the admin key: pass --key KEY or set OAAS_ADMIN_KEY');
  return byKey(adminKey);
}

async function remote(
  endpoint: string,
  authorize: Authorize,
): Promise<{ regions: OperatorRegion[]; authorize: Authorize }> {
  const base = endpoint.replace(/\/+$/, '');
  const { body } = await request(`${base}${paths.regions}`, 'GET', authorize);
  return { regions: regionsResponseSchema.parse(body).regions, authorize };
}

async function request(
  url: string,
  method: string,
  authorize: Authorize,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const binary = body instanceof Uint8Array;
  const content = body === undefined ? undefined : binary ? new Uint8Array(body) : JSON.stringify(body);
  const type = { 'content-type': binary ? 'application/zip' : 'application/json' };
  let headers: Record<string, string>;
  try {
    const unsigned = { method, url: new URL(url), headers: content === undefined ? {} : type };
    headers = await authorize(content === undefined ? unsigned : { ...unsigned, body: content });
  } catch (cause) {
    throw new CliError(
      `no AWS credentials to sign with (${(cause as Error).message}): set AWS_PROFILE, or sign in with the AWS CLI`,
      2,
      { cause },
    );
  }
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers,
      ...(content === undefined ? {} : { body: content }),
    });
  } catch (cause) {
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new CliError(`no answer from ${url} (${reason}); start the system with \`npx oaas start\``, 1, { cause });
  }
  const text = await response.text();
  const value: unknown = text === '' ? null : parseJson(text, url);
  if (response.ok) return { status: response.status, body: value };
  const problem = problemSchema.safeParse(value);
  if (!problem.success) throw new CliError(`${method} ${url} answered ${response.status}: ${text.slice(0, 200)}`);
  const { title, detail, errors = [] } = problem.data;
  // The detail of most refusals names their problems already.
  const unsaid = errors.filter((e) => !detail.includes(e.message));
  const lines = unsaid.map((e) => `\n  ${e.field}: ${e.message} (received ${JSON.stringify(e.received) ?? 'nothing'})`);
  const exitCode = response.status >= 400 && response.status < 500 && response.status !== 401 ? 2 : 1;
  throw new CliError(`${title}: ${detail}${lines.join('')}`, exitCode);
}

function parseJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`${url} does not answer with JSON; is it an OaaS endpoint?`);
  }
}

/** ISO 8601 in UTC without fractions, for tables. */
export const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** A number with at most `digits` decimals; `-` for null. */
export function shown(value: number | null, digits: number = 0): string {
  return value === null || !Number.isFinite(value) ? '-' : value.toFixed(digits);
}
