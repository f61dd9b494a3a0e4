/** A Lambda environment of one process: the Runtime API over HTTP and the real bundle in a child. Local addresses only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface LambdaProcess {
  /** From the start of the process to the first readiness, ms. */
  initMs: number;
  /** @throws Error with the function's own message */
  invoke(event: unknown): Promise<{ answer: unknown; ms: number }>;
  stop(): void;
}

type Outcome = { answer: unknown; ms: number };
const bootstrap = fileURLToPath(new URL('lambda-bootstrap.mjs', import.meta.url));

/** @param folder with the bundle's index.mjs */
export async function startLambda(folder: string, env: Record<string, string>): Promise<LambdaProcess> {
  const waiting = new Map<string, { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }>();
  const events: { id: string; event: unknown }[] = [];
  let idle: ServerResponse | null = null;
  let ready: (initMs: number) => void = () => {};
  let ids = 0;
  const hand = () => {
    const next = idle === null ? undefined : events.shift();
    if (next === undefined || idle === null) return;
    idle.setHeader('lambda-runtime-aws-request-id', next.id);
    idle.end(JSON.stringify(next.event));
    idle = null;
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      idle = response;
      hand();
      return;
    }
    const body = (await json(request)) as { initMs: number } & Outcome;
    response.end('{}');
    if (path.endsWith('/init/ready')) {
      ready(body.initMs);
      return;
    }
    const [id, kind] = path.split('/').slice(-2) as [string, string];
    const pending = waiting.get(id);
    waiting.delete(id);
    if (kind === 'response') pending?.resolve(body);
    else pending?.reject(new Error((body.answer as { errorMessage: string }).errorMessage));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const child: ChildProcess = spawn(process.execPath, [bootstrap, join(folder, 'index.mjs')], {
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: env.OAAS_REGION,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000);
  });
  const initMs = await new Promise<number>((resolve, reject) => {
    ready = resolve;
    child.once('exit', (code) => reject(new Error(`the function ended with ${code} during initialization: ${errors}`)));
  }).catch((error: unknown) => {
    server.close();
    throw error;
  });
  return {
    initMs,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        const id = `r-${++ids}`;
        waiting.set(id, { resolve, reject });
        events.push({ id, event });
        hand();
      }),
    stop() {
      child.kill('SIGKILL');
      server.close();
      server.closeAllConnections();
    },
  };
}
