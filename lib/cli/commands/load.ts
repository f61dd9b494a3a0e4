/** `oaas load`: open-loop load in the three modes of the IoT paper's simulator. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { longestDeadlineMs } from '../../ports/contracts/wire.ts';
import { badInput, CliError } from '../errors.ts';
import { concurrent, interarrival, replay, type Schedule } from '../load/arrivals.ts';
import { type PopulationCommandOptions, startPopulation } from '../load/population/command.ts';
import { runLoad } from '../load/run-load.ts';
import { type LoadTask, type PoolRuntime, poolRuntimes, poolTasks } from '../load/tasks.ts';
import { parseTrace } from '../load/trace-file.ts';
import { parseJson } from '../parse.ts';
import { findSystem, type System, type SystemOptions, systemOptions } from '../system.ts';
import { longestTimerMs, parseDurationMs, parseNumber } from '../units.ts';

interface LoadOptions extends SystemOptions {
  app?: string;
  method?: string;
  args?: string;
  runtime: string;
  sla?: string;
  mode: string;
  deadline: string;
  idempotent?: boolean;
  seed: string;
  maxInFlight: string;
  csv?: string;
  json?: boolean;
  allowRemote?: boolean;
}

export function register(program: Command): void {
  const load = program
    .command('load')
    .description('send load to a running system and measure the responses (open loop)');

  populationOptions(
    load
      .command('population')
      .description('thousands of simulated devices that decide with the SDK where each task runs'),
  ).action(async (options: PopulationCommandOptions) => {
    const system = await findSystem(options);
    if (!options.allowRemote) onlyLoopback(system);
    process.exitCode = await startPopulation(options, system);
  });

  shared(load.command('concurrent').description('N requests at the same moment'))
    .requiredOption('--n <count>', 'requests per round')
    .option('--rounds <count>', 'rounds', '1')
    .option('--every <duration>', 'time between rounds', '1s')
    .action(async (options: LoadOptions & { n: string; rounds: string; every: string }) => {
      const n = parseNumber(options.n, '--n', { min: 1, max: 100_000, integer: true });
      const rounds = parseNumber(options.rounds, '--rounds', { min: 1, max: 100_000, integer: true });
      await start(options, concurrent(n, rounds, parseDurationMs(options.every, '--every', longestTimerMs)));
    });

  shared(load.command('interarrival').description('devices that each send one request per interval'))
    .option('--devices <count>', 'number of devices', '10')
    .option('--interval <duration>', 'time between two requests of a device', '1s')
    .option('--duration <duration>', 'length of the run', '30s')
    .option('--poisson', 'exponential gaps of that mean instead of fixed ones')
    .action(
      async (options: LoadOptions & { devices: string; interval: string; duration: string; poisson?: boolean }) => {
        const schedule = interarrival({
          devices: parseNumber(options.devices, '--devices', { min: 1, max: 1_000_000, integer: true }),
          intervalMs: parseDurationMs(options.interval, '--interval', longestTimerMs),
          durationMs: parseDurationMs(options.duration, '--duration', longestTimerMs),
          poisson: options.poisson ?? false,
          seed: seedOf(options),
        });
        await start(options, schedule);
      },
    );

  shared(load.command('trace').description('a recorded trace: counts per slot, or one time stamp per request (CSV)'))
    .requiredOption('--file <csv>', 'the trace; see docs/load.md for the formats')
    .option('--speed <factor>', 'play it so many times faster', '1')
    .option('--slot <duration>', 'length of a slot, if the file does not say')
    .option('--duration <duration>', 'stop after this long (played time)', '1h')
    .option('--poisson', 'Poisson counts of the recorded mean instead of the recorded counts')
    .action(
      async (
        options: LoadOptions & { file: string; speed: string; slot?: string; duration: string; poisson?: boolean },
      ) => {
        const text = await readFile(options.file, 'utf8').catch((cause: Error) => {
          throw badInput(`cannot read ${options.file}: ${cause.message}`);
        });
        const slotMs = options.slot === undefined ? undefined : parseDurationMs(options.slot, '--slot');
        const schedule = replay(parseTrace(text, options.file, slotMs), {
          speed: parseNumber(options.speed, '--speed', { min: 1e-6, max: 1e6 }),
          poisson: options.poisson ?? false,
          seed: seedOf(options),
          limitMs: parseDurationMs(options.duration, '--duration', longestTimerMs),
        });
        await start(options, schedule);
      },
    );
}

function populationOptions(command: Command): Command {
  return systemOptions(command)
    .option('--devices <count>', 'number of devices', '2000')
    .option('--duration <duration>', 'length of the run', '60s')
    .option('--speed <factor>', "how many times faster the day's curve passes; 1440: a day in a minute", '1440')
    .option('--start-hour <hour>', 'hour of the day (UTC) at which the run begins', '0')
    .option('--rate <per-second>', 'tasks per second, mean over the run', '4')
    .option('--session <tasks>', 'mean tasks per session of a device', '20')
    .option('--pause <duration>', 'mean pause between two tasks of a session', '1s')
    .option('--core <speed>', "speed of the surrogates' cores, to which the devices' speeds are relative", '0.4')
    .option('--energy-weight <share>', '0: only time counts, 1: only energy', '0')
    .option('--shadow <share>', 'share of the tasks run on the device whose remote outcome is measured too', '1')
    .option('--seed <number>', 'of devices, tasks and links', '1')
    .option('--max-in-flight <count>', 'more are recorded as not sent', '500')
    .option('--csv <file>', 'write one line per task, with both outcomes')
    .option('--json', 'print the report as JSON')
    .option('--allow-remote', 'allow endpoints that are not on this machine');
}

function shared(command: Command): Command {
  return systemOptions(command)
    .option('--app <id>', 'app instead of the pool of demo apps')
    .option('--method <name>', 'its method')
    .option('--args <json>', 'its arguments, a JSON array', '[]')
    .option(
      '--runtime <name>',
      'of the pool: node, jvm or art (the last two: `npm run build:java-apps` and `oaas app put`)',
      'node',
    )
    .option('--sla <id>', 'agreement to ask for')
    .option('--mode <route>', 'direct: ticket, then straight to the surrogate; proxy: through the region', 'direct')
    .option('--deadline <duration>', 'per request', '30s')
    .option('--idempotent', 'a request whose outcome is unknown may be sent again (always so for the pool)')
    .option('--seed <number>', 'of tasks and random gaps', '1')
    .option('--max-in-flight <count>', 'more are recorded as not sent', '5000')
    .option('--csv <file>', 'write one line per request')
    .option('--json', 'print the summary as JSON')
    .option('--allow-remote', 'allow endpoints that are not on this machine');
}

async function start(options: LoadOptions, schedule: Schedule): Promise<void> {
  if (options.mode !== 'direct' && options.mode !== 'proxy') {
    throw badInput(`--mode must be direct or proxy, received ${options.mode}`);
  }
  const nextTask = tasksOf(options);
  const mostInFlight = parseNumber(options.maxInFlight, '--max-in-flight', { min: 1, max: 100_000, integer: true });
  const deadlineMs = parseDurationMs(options.deadline, '--deadline', longestDeadlineMs);
  const system = await findSystem(options);
  if (!options.allowRemote) onlyLoopback(system);
  process.exitCode = await runLoad({
    system,
    schedule,
    nextTask,
    route: options.mode,
    slaId: options.sla,
    deadlineMs,
    idempotent: options.idempotent ?? options.app === undefined,
    mostInFlight,
    csv: options.csv,
    json: options.json ?? false,
  });
}

function tasksOf(options: LoadOptions): () => LoadTask {
  if (options.app === undefined) {
    if (options.method !== undefined) throw badInput('--method needs --app');
    const { runtime } = options;
    if (!isPoolRuntime(runtime)) throw badInput(`--runtime must be ${poolRuntimes.join(', ')}, received ${runtime}`);
    return poolTasks(seedOf(options), runtime);
  }
  if (options.app === '') throw badInput('--app must name an app, received ""');
  if (!options.method) throw badInput('--app needs --method');
  const task = { appId: options.app, method: options.method, args: parseJson(options.args ?? '[]', '--args') };
  return () => task;
}

const isPoolRuntime = (name: string): name is PoolRuntime => poolRuntimes.some((known) => known === name);

const seedOf = (options: LoadOptions): number =>
  parseNumber(options.seed, '--seed', { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });

/** Load is aimed at one's own machine unless someone says otherwise on purpose. */
function onlyLoopback(system: System): void {
  const foreign = system.endpoints.filter(
    ({ url }) => !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(url).hostname),
  );
  if (foreign.length === 0) return;
  throw new CliError(
    `${foreign[0]!.url} is not on this machine: add --allow-remote if you own it and mean to put it under load`,
    2,
  );
}
