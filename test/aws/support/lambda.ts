/**
 * A Lambda environment of one process: the bundle as deployed, run by AWS's own runtime interface client (aws-lambda-ric) against a Runtime API
 * of a few lines on this machine. Invocations are handed over one after another, as on AWS.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { npmPart } from './npm-part.ts';

const transport = fileURLToPath(new URL('../ric/transport.cjs', import.meta.url));
export interface LambdaFunction {
  /** From the start of the process to its first request for an event, ms. */
  initMs: number;
  /** @throws Error with the function's own error type and message */
  invoke(event: unknown): Promise<unknown>;
  /** The last lines it printed. */
  log(): string;
  stop(): Promise<void>;
}

export interface LambdaOptions {
  /** Folder of the asset in cdk.out. */
  asset: string;
  /** `index.handler`. */
  handler: string;
  name: string;
  region: string;
  environment: Record<string, string>;
}

export async function startLambda(options: LambdaOptions): Promise<LambdaFunction> {
  const client = join(await npmPart('ric'), 'aws-lambda-ric', 'index.mjs');
  const arn = `arn:aws:lambda:${options.region}:123456789012:function:${options.name}`;
  const waiting = new Map<string, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  const events: { id: string; event: unknown }[] = [];
  let idle: ServerResponse | null = null;
  let ids = 0;
  let log = '';
  let ready: () => void = () => {};
  const hand = () => {
    const next = idle === null ? undefined : events.shift();
    if (next === undefined || idle === null) return;
    idle.setHeader('content-type', 'application/json');
    idle.setHeader('lambda-runtime-aws-request-id', next.id);
    idle.setHeader('lambda-runtime-invoked-function-arn', arn);
    idle.setHeader('lambda-runtime-deadline-ms', Date.now() + 30_000);
    idle.setHeader('lambda-runtime-trace-id', 'Root=1-00000000-000000000000000000000000;Sampled=0');
    idle.end(JSON.stringify(next.event));
    idle = null;
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      idle = response;
      ready();
      hand();
      return;
    }
    const body = await text(request);
    response.statusCode = 202;
    response.end();
    const [id, kind] = path.split('/').slice(-2) as [string, string];
    const pending = waiting.get(id);
    waiting.delete(id);
    if (kind === 'response') return pending?.resolve(JSON.parse(body));
    const { errorType, errorMessage } = JSON.parse(body) as { errorType: string; errorMessage: string };
    // An error of the initialization; the process ends by itself.
    if (id === 'init') log += `\n${errorType}: ${errorMessage}`;
    return pending?.reject(new Error(`${errorType}: ${errorMessage}`));
  });
  // A frozen environment keeps its connection for hours.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const begin = performance.now();
  const child: ChildProcess = spawn(process.execPath, ['--require', transport, client], {
    cwd: options.asset,
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: 'true',
      AWS_LAMBDA_FUNCTION_NAME: options.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: options.name,
      AWS_LAMBDA_LOG_STREAM_NAME: 'test',
      AWS_REGION: options.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      LAMBDA_TASK_ROOT: options.asset,
      _HANDLER: options.handler,
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const keep = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(`${code ?? signal}`)));
  let gone: Error | null = null;
  void ended.then((how) => {
    gone = new Error(`${options.name} has ended (${how}): ${log}`);
    for (const { reject } of waiting.values()) reject(gone);
  });
  const stop = async () => {
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    await ended;
  };
  await new Promise<void>((resolve, reject) => {
    ready = resolve;
    void ended.then((how) => reject(new Error(`${options.name} ended (${how}) during initialization: ${log}`)));
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    initMs: performance.now() - begin,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        if (gone !== null) return reject(gone);
        const id = `${options.name}-${++ids}`;
        waiting.set(id, { resolve, reject });
        events.push({ id, event });
        return hand();
      }),
    log: () => log,
    stop,
  };
}
