/** `oaas quickstart`: a new app from the template, registered and offloaded once. */
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Detailed } from '../../../sdk/typescript/src/api.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import { packDirectory } from '../../app/bundles/directory.ts';
import { appSchema, idSchema } from '../../ports/contracts/config.ts';
import { defaultLocalOffers } from '../../ports/contracts/local-offers.ts';
import { defaultTopology } from '../../ports/contracts/topology.ts';
import { paths } from '../../ports/contracts/wire.ts';
import { badInput, CliError } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from '../operator.ts';
import { outliveReader } from '../output.ts';
import { findSystem } from '../system.ts';

const template = fileURLToPath(new URL('../../../apps/template', import.meta.url));
/** Longest wait for a first machine; the default group needs a second or two. */
const patienceMs = 60_000;

export function register(program: Command): void {
  operatorOptions(
    program
      .command('quickstart [folder]')
      .description('create an app from the template, register it and offload it once')
      .option('--device-key <key>', 'device key for --endpoint (environment: OAAS_API_KEY)'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ npx oaas quickstart hello          a new folder hello, on the system that runs here
Without a running system one is started in memory for as long as it takes.`,
    )
    .action((folder: string | undefined, options: Options) => quickstart(folder ?? 'my-app', options));
}

type Options = OperatorOptions & { deviceKey?: string };

async function quickstart(folder: string, options: Options): Promise<void> {
  const id = basename(resolve(folder));
  const checked = idSchema.safeParse(id);
  if (!checked.success) throw badInput(`"${id}" cannot be an app's name: it ${checked.error.issues[0]!.message}`);
  if (await stat(folder).catch(() => null)) {
    throw badInput(`${folder} exists already: name another folder, or register it with \`npx oaas app put ${folder}\``);
  }
  outliveReader();
  const say = options.json ? () => {} : writeLine;
  const { stop, options: target } = await someSystem(options, say);
  const interrupted = new Promise<never>((_, reject) =>
    process.once('SIGINT', () => reject(new CliError('interrupted', 130))),
  );
  try {
    const answer = await Promise.race([createAndOffload(folder, id, target, say), interrupted]);
    if (options.json) writeJson({ app: id, folder: resolve(folder), ...answer });
  } finally {
    await stop();
  }
  say(`
Next:
  edit ${join(folder, 'main.mjs')}, then  npx oaas app put ${folder}
  npx oaas run ${id} greet --args '["Ada"]'
  docs/tutorial.md: from here to a phone and to AWS`);
}

async function createAndOffload(
  folder: string,
  id: string,
  options: Options,
  say: (line: string) => void,
): Promise<{ digest: string; result: unknown; ranOn: Detailed<unknown, unknown>['ranOn']; totalMs: number }> {
  await cp(template, folder, { recursive: true });
  const manifest = join(folder, 'oaas.json');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"id": "template"', `"id": "${id}"`));
  say(`created   ${join(folder, 'oaas.json')}, ${join(folder, 'main.mjs')}`);

  const operator = await findOperator(options);
  const { zip } = await packDirectory(folder);
  const { body } = await operator.send(operator.first, 'POST', paths.bundles, zip);
  const app = appSchema.parse(body);
  say(`registered ${id} ${app.manifest.version}, ${app.bundleBytes} bytes, digest ${app.digest.slice(0, 12)}`);

  const { endpoints, deviceKey } = await findSystem({
    data: options.data,
    ...(options.endpoint === undefined ? {} : { endpoint: [options.endpoint] }),
    ...(options.deviceKey === undefined ? {} : { key: options.deviceKey }),
  });
  const oaas = new OaaS({ endpoints, apiKey: deviceKey, probeIntervalMs: 0 });
  try {
    const greet = oaas.offload<unknown, unknown>(id, 'greet', null, { idempotent: true, prefetch: false });
    // The first call may wait for a machine and for the app to be fetched; the second shows what calls cost from then on.
    await untilServed(() => greet.detailed(['OaaS'], {}));
    const answer = await untilServed(() => greet.detailed(['OaaS'], {}));
    const where = answer.ranOn.where === 'remote' ? `on ${answer.ranOn.vmId} in ${answer.ranOn.region}` : 'here';
    say(`offloaded ${id}.greet("OaaS") → ${JSON.stringify(answer.result)}`);
    say(`          ran ${where} in ${answer.timings.totalMs.toFixed(1)} ms`);
    return { digest: app.digest, result: answer.result, ranOn: answer.ranOn, totalMs: answer.timings.totalMs };
  } finally {
    oaas.close();
  }
}

/** The first request of an app may find no machine yet. */
async function untilServed<T>(offload: () => Promise<T>): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await offload();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}

/** The system that the options name or that runs here; else one in memory, which `stop` ends. */
async function someSystem(
  options: Options,
  say: (line: string) => void,
): Promise<{ options: Options; stop(): Promise<void> }> {
  if (options.endpoint !== undefined || process.env.OAAS_ENDPOINT !== undefined)
    return { options, stop: async () => {} };
  const running = await findOperator(options).catch(() => null);
  if (running !== null) return { options, stop: async () => {} };
  say('no system runs here: starting one in memory for as long as this takes (`npm start` keeps one running)');
  const { startSystem } = await import('../../local/system.ts');
  const dataDir = join(tmpdir(), `oaas-quickstart-${process.pid}`);
  const system = await startSystem({
    dataDir,
    memory: true,
    geographies: defaultTopology.geographies.slice(0, 1),
    catalogue: defaultLocalOffers,
    host: '127.0.0.1',
    port: 0,
    slotMs: 10_000,
    speedUp: 60,
    isolation: 'auto',
    echo: null,
  });
  return {
    options: { ...options, data: dataDir },
    stop: async () => {
      await system.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
