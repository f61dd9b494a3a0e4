/** moto's server with our plugin (test/aws/moto-plugin) on a free port of this machine; ends with the test, however that ends. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonVenv, runPython } from '../../../bench/venv.ts';

const here = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The account that moto answers for. */
export const account = '123456789012';

export interface Moto {
  /** `localhost`, not 127.0.0.1: buckets are addressed as hosts below it. */
  endpoint: string;
  /** For programs that use an AWS SDK: credentials and where AWS is. */
  env: Record<string, string>;
  /** What the named regions hold, as boto3 lists it (inventory.py). */
  inventory(...regions: string[]): Promise<Record<string, Inventory>>;
  /** A script of the test's, with moto's own Python and SDK. */
  python(script: string, input: unknown): Promise<unknown>;
  /** Zones without capacity from now on. */
  setEmptyZones(zones: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Inventory {
  stacks: string[];
  tables: { name: string; deletionProtection: boolean }[];
  templates: { name: string; imageId: string; httpTokens: string; hopLimit: number }[];
  zones: string[];
  schedules: { name: string; expression: string; startDate: string | null; target: string; input: string }[];
  functions: { name: string; logical: string; runtime: string; handler: string; environment: Record<string, string> }[];
  parameters: string[];
  alarms: string[];
  buckets: string[];
  rules: string[];
  instances: { id: string; type: string; state: string; zone: string; tags: Record<string, string> }[];
  apis: {
    endpoint: string;
    routes: { key: string; authorization: string; function: string; authorizer: string | null }[];
  }[];
  /** Kept resources by type, from the stacks' own lists. */
  resources: Record<string, number>;
}

export async function startMoto(): Promise<Moto> {
  const python = await pythonVenv('aws', here('requirements.txt'));
  const folder = await mkdtemp(join(tmpdir(), 'oaas-moto-'));
  const faults = join(folder, 'faults.json');
  const port = await freePort();
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    AWS_ENDPOINT_URL: `http://localhost:${port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const server = spawn(python, [here('moto-plugin/server.py'), String(port), faults], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: env.PATH, HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-20_000);
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    server.stdout.once('data', () => resolve());
    void ended.then(() => reject(new Error(`moto did not start: ${log}`)));
  });
  const script = async (file: string, input: unknown) =>
    JSON.parse(
      await runPython(python, [file], { input: JSON.stringify(input), env }).catch((error: Error) => {
        throw new Error(`${error.message}\nmoto: ${log.slice(-3_000)}`);
      }),
    );
  return {
    endpoint: env.AWS_ENDPOINT_URL,
    env,
    inventory: (...regions) => script(here('inventory.py'), regions) as Promise<Record<string, Inventory>>,
    python: (file, input) => script(here(file), input),
    setEmptyZones: (emptyZones) => writeFile(faults, JSON.stringify({ emptyZones })),
    async stop() {
      server.stdin.end();
      const late = setTimeout(() => server.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
