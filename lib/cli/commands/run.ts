/** `oaas run`: one offload from the command line, with its timings and the reason of where it ran. */
import type { Command } from 'commander';
import type { CallTimings, Detailed } from '../../../sdk/typescript/src/api.ts';
import { OffloadError } from '../../../sdk/typescript/src/errors.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import { longestDeadlineMs } from '../../ports/contracts/wire.ts';
import { badInput, CliError } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import { parseJson } from '../parse.ts';
import { findSystem, type SystemOptions, systemOptions } from '../system.ts';
import { parseDurationMs, parseNumber } from '../units.ts';

interface RunOptions extends SystemOptions {
  args: string;
  state?: string;
  sla?: string;
  acceleration?: string;
  mode: string;
  deadline: string;
  idempotent?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  systemOptions(program.command('run <app> <method>').description('run one method of a registered app on a surrogate'))
    .option('--args <json>', 'arguments, a JSON array; anything else is the only argument', '[]')
    .option('--state <json>', 'state that the method reads and replaces')
    .option('--sla <id>', 'agreement to ask for')
    .option('--acceleration <factor>', 'least speed per core relative to the reference core')
    .option('--mode <route>', 'direct: ticket, then straight to the surrogate; proxy: through the region', 'direct')
    .option('--deadline <duration>', 'whole time to wait', '30s')
    .option('--idempotent', 'may be run again when its outcome is unknown')
    .option('--json', 'print result, state, timings and attempts as JSON')
    .addHelpText('after', `\nExample: oaas run nqueens count --args '[8]'`)
    .action(run);
}

async function run(appId: string, method: string, options: RunOptions): Promise<void> {
  if (appId === '' || method === '') throw badInput(`name the app and its method, received "${appId}" "${method}"`);
  if (options.mode !== 'direct' && options.mode !== 'proxy') {
    throw badInput(`--mode must be direct or proxy, received ${options.mode}`);
  }
  const args = parseJson(options.args, '--args');
  const call = options.state === undefined ? {} : { state: parseJson(options.state, '--state') };
  const offloadOptions = {
    deadlineMs: parseDurationMs(options.deadline, '--deadline', longestDeadlineMs),
    idempotent: options.idempotent ?? false,
    prefetch: false,
    ...(options.sla === undefined ? {} : { slaId: options.sla }),
    ...(options.acceleration === undefined
      ? {}
      : { acceleration: parseNumber(options.acceleration, '--acceleration', { min: 0.001, max: 1_000 }) }),
  };
  const { endpoints, deviceKey } = await findSystem(options);
  const oaas = new OaaS({ endpoints, apiKey: deviceKey, route: options.mode, probeIntervalMs: 0 });
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const offloaded = oaas.offload<unknown, unknown>(appId, method, null, offloadOptions);
    const answer = await offloaded.detailed(args, { ...call, signal: stop.signal });
    if (options.json) return writeJson(answer);
    writeLine(JSON.stringify(answer.result, null, 2));
    if (answer.state !== undefined) writeLine(`state: ${JSON.stringify(answer.state)}`);
    process.stderr.write(`${describeRun(answer)}\n`);
  } catch (error) {
    if (stop.signal.aborted) throw new CliError('interrupted', 130);
    if (!(error instanceof OffloadError)) throw error;
    throw new CliError(error.message, error.code === 'invalid-request' ? 2 : 1, { cause: error });
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    oaas.close();
  }
}

/** Where a task ran and the parts of its time. */
export function describeRun({ ranOn, timings }: Pick<Detailed<unknown, unknown>, 'ranOn' | 'timings'>): string {
  const where = ranOn.where === 'local' ? 'here' : `on ${[...ranOn.hops, ranOn.vmId].join(' > ')} of ${ranOn.region}`;
  return `ran ${where} in ${ms(timings.totalMs)}: ${split(timings)}`;
}

function split(t: CallTimings): string {
  const parts: [string, number][] = [
    ['T1 placement', t.t1Ms],
    ['T2 network', t.t2Ms],
    ['queue', t.queueMs],
    ['Tcloud', t.cloudMs],
    ['hand-off', t.handoffMs],
  ];
  // Refused tries and the waits between them, such as for a first machine.
  const otherMs = t.totalMs - parts.reduce((sum, [, value]) => sum + value, 0);
  if (otherMs >= 0.05 * t.totalMs) parts.push(['other', otherMs]);
  return parts.map(([name, value]) => `${name} ${ms(value)}`).join(', ');
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
