import { type Command, Option } from 'commander';
import type { LocalSystem } from '../../local/system.ts';
import { defaultLocalOffers, localOffersSchema } from '../../ports/contracts/local-offers.ts';
import { defaultDataDir, systemFileName } from '../../ports/contracts/system-file.ts';
import { defaultTopology, type Geography, type Topology, topologySchema } from '../../ports/contracts/topology.ts';
import { badInput, CliError, ExitCode } from '../errors.ts';
import { readDocument, table, writeJson, writeLine } from '../io.ts';
import { outliveReader } from '../output.ts';

interface StartOptions {
  data: string;
  memory?: boolean;
  slot: string;
  port: string;
  host: string;
  regions?: string;
  topology?: string;
  offers?: string;
  speedUp?: string;
  isolation: 'auto' | 'bubblewrap' | 'process';
  json?: boolean;
  verbose?: boolean;
}

/** A slot of the real service; the default speed-up makes it as long as `--slot`. */
const realSlotMs = 600_000;
const shortestSlotMs = 5_000;
/** How long the summary waits for the first machines. */
const firstVmsMs = 6_000;

export function register(program: Command): void {
  program
    .command('start')
    .description('run OaaS complete on this machine: endpoints, scalers, surrogates that run real tasks')
    .option('--data <dir>', 'folder for state, keys and bundles; survives a restart', defaultDataDir)
    .option('--memory', 'keep nothing: state in memory, new keys every time')
    .option('--slot <duration>', 'scaling slot, such as 20s or 10m (10m is the real thing)', '20s')
    .option('--speed-up <factor>', 'boot times are divided by it (default: 10 minutes / slot)')
    .option('--port <n>', 'port of the first endpoint, the others follow; 0 takes free ones', '7400')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--regions <list>', 'only these geographies of the topology, by name or home region')
    .option('--topology <file>', 'geographies and data centres, JSON')
    .option('--offers <file>', 'VM types with price, speed and boot time, JSON')
    .addOption(
      new Option('--isolation <kind>', 'how tasks are sandboxed')
        .choices(['auto', 'bubblewrap', 'process'])
        .default('auto'),
    )
    .option('--json', 'print what runs as JSON once it is up')
    .option('--verbose', 'log lines to standard error too')
    .addHelpText(
      'after',
      `
Examples:
  $ npx oaas start                                  two geographies, 20 s slots
  $ npx oaas start --regions europe --port 8000     one region at port 8000
  $ npx oaas start --slot 10m                       slots and boot times as on AWS
  $ npx oaas start --memory --port 0                nothing kept, free ports

Then, in another terminal:
  $ npx oaas status
  $ npx oaas run chess bestMove --help

Ctrl-C stops everything; a second one does so at once.`,
    )
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  outliveReader();
  if (options.data.trim() === '') throw badInput('--data must name a folder, received ""');
  const { longestTimerMs, parseDurationMs } = await import('../units.ts');
  const slotMs = parseDurationMs(options.slot, '--slot', longestTimerMs);
  if (slotMs < shortestSlotMs) throw badInput(`--slot must be at least 5s, received "${options.slot}"`);
  const speedUp = options.speedUp === undefined ? Math.max(1, realSlotMs / slotMs) : Number(options.speedUp);
  if (!(speedUp >= 1 && speedUp <= 1_000)) {
    throw badInput(`--speed-up must be a number from 1 to 1000, received "${options.speedUp}"`);
  }
  const topology = options.topology ? await readDocument(topologySchema, { file: options.topology }) : defaultTopology;
  const catalogue = options.offers
    ? await readDocument(localOffersSchema, { file: options.offers })
    : defaultLocalOffers;
  const { startSystem } = await import('../../local/system.ts');
  const system = await startSystem({
    dataDir: options.data,
    memory: options.memory ?? false,
    geographies: chooseGeographies(topology, options.regions),
    catalogue,
    host: options.host,
    port: parsePort(options.port),
    slotMs,
    speedUp,
    isolation: options.isolation,
    echo: options.verbose ? (line) => void process.stderr.write(`${line}\n`) : null,
  });
  const ended = untilSignal(system.broken);
  const { firstStatus } = await import('../first-status.ts');
  const status = await Promise.race([firstStatus(system.file, firstVmsMs), ended]);
  if (typeof status !== 'string') {
    if (options.json) writeJson({ ...system.file, dataDir: system.dataDir, log: system.logFile });
    else printSummary(system, status, options);
  }
  const reason = await ended;
  if (!options.json) writeLine(`${reason}: stopping ...`);
  // A second Ctrl-C does not wait; children end when this process is gone.
  process.once('SIGINT', () => process.exit(ExitCode.interrupted));
  await system.stop();
  if (!options.json) writeLine('everything is stopped.');
  if (reason !== 'SIGINT' && reason !== 'SIGTERM') throw new CliError(`${reason}; see ${system.logFile}`);
}

function chooseGeographies(topology: Topology, wanted: string | undefined): Geography[] {
  if (wanted === undefined) return topology.geographies;
  return wanted.split(',').map((name) => {
    const found = topology.geographies.find((g) => g.id === name.trim() || g.home === name.trim());
    if (found) return found;
    const known = topology.geographies.map((g) => `${g.id} (${g.home})`).join(', ');
    throw badInput(`--regions names "${name.trim()}", which the topology does not have; it has ${known}`);
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_000) {
    throw badInput(`--port must be a whole number from 0 to 65000, received "${text}"`);
  }
  return port;
}

function untilSignal(broken: Promise<string>): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
    void broken.then(resolve);
  });
}

type FirstStatus = Awaited<ReturnType<typeof import('../first-status.ts').firstStatus>>;

/** The option with which other commands find this system; nothing where they look by themselves. */
function dataOption(folder: string): string {
  if (folder === defaultDataDir) return '';
  return ` --data ${/^[\w./~+-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`;
}

function printSummary(system: LocalSystem, status: FirstStatus, { slot, data }: StartOptions): void {
  const where = dataOption(data);
  const { dataDir, logFile, file, javaMissing } = system;
  writeLine(`OaaS is running: slots of ${slot}, data in ${dataDir}`);
  for (const region of status) {
    writeLine();
    writeLine(`${region.geography} (${region.id})  ${region.endpoint}`);
    writeLine(table(['pool', 'promise', 'machines', 'USD/h'], region.pools));
  }
  for (const note of new Set(status.flatMap((region) => region.notes))) writeLine(`\n${note}`);
  if (javaMissing !== null) writeLine(`\nThe runtimes jvm and art are not served: ${javaMissing}.`);
  writeLine(`
Page     ${file.page}
Status   ${status[0]?.endpoint}/v1/status  (admin key in ${dataDir}/${systemFileName})
Key      ${file.keys.device}  (device scope)
Log      ${logFile}

Try it, in another terminal:
  npx oaas run nqueens count --args 8${where}
  npx oaas load concurrent --n 5${where}
  npx oaas status --watch${where}

Ctrl-C stops everything.`);
}
