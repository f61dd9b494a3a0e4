import type { Command } from 'commander';
import { predict } from '../../domain/queueing/predict.ts';
import type { ModelInput, ModelResult } from '../../domain/queueing/types.ts';
import { modelInputSchema } from '../../ports/contracts/model.ts';
import { ExitCode } from '../errors.ts';
import { readDocument, table, validate, writeJson, writeLine } from '../io.ts';

interface ModelOptions {
  file?: string;
  json?: boolean;
  vms?: string;
  serviceRate?: string;
  cores?: string;
  sharingLimit?: string;
  networkS?: string;
  arrivalRate?: string;
  policy?: string;
}

/** `oaas model`: response time of a pool under a dispatch policy. */
export function register(program: Command): void {
  program
    .command('model')
    .description('predict the response time of a pool of VMs under a dispatch policy')
    .option('--file <file>', 'JSON document to read (default: standard input); see `oaas schema model`')
    .option('--json', 'write the result as JSON')
    .option('--vms <count>', 'instead of a document: this many identical VMs')
    .option('--service-rate <perS>', 'requests per second of one VM, all cores busy (with --vms)')
    .option('--cores <count>', 'cores of one VM (with --vms; default 1)')
    .option('--sharing-limit <n>', 'requests in service at once on one VM (with --vms; default 16)')
    .option('--network-s <seconds>', 'round trip to the VMs (with --vms; default 0)')
    .option('--arrival-rate <perS>', 'requests per second to the pool (with --vms)')
    .option('--policy <name>', 'dispatch policy (with --vms; default jsq)')
    .addHelpText(
      'after',
      '\nExit code: 0 stable, 3 unstable, 2 bad input.\nExample: oaas model --vms 22 --service-rate 50 --arrival-rate 1000 --policy jsq',
    )
    .action(async (options: ModelOptions) => {
      const input: ModelInput =
        options.vms === undefined
          ? await readDocument(modelInputSchema, options)
          : validate(modelInputSchema, documentOf(options), 'the command line');
      const result = predict(input);
      if (options.json) writeJson(result);
      else writeLine(render(input, result));
      process.exitCode = result.status === 'stable' ? ExitCode.ok : ExitCode.negative;
    });
}

function documentOf(options: ModelOptions): unknown {
  // What is no number is passed on as it came, so that the message shows it.
  const number = (text: string | undefined, fallback?: number) =>
    text === undefined ? fallback : Number.isNaN(Number(text)) ? text : Number(text);
  return {
    pool: [
      {
        serviceRatePerS: number(options.serviceRate),
        cores: number(options.cores, 1),
        sharingLimit: number(options.sharingLimit, 16),
        count: number(options.vms),
        networkS: number(options.networkS, 0),
      },
    ],
    arrivalRatePerS: number(options.arrivalRate),
    policy: options.policy ?? 'jsq',
  };
}

const ms = (seconds: number | null): string => (seconds === null ? '-' : `${(seconds * 1000).toPrecision(4)} ms`);

/** One row per run of VMs with the same prediction, under the pool's totals. */
function render(input: ModelInput, result: ModelResult): string {
  const head = [
    `${result.status}: utilization ${(100 * result.utilization).toFixed(1)} %, policy ${input.policy}`,
    result.method === 'exact'
      ? 'exact for the mean'
      : `approximation, mean within ${result.errorBoundPct.toFixed(1)} %`,
  ].join('; ');
  if (result.status === 'unstable')
    return `${head}\nSome VM gets more requests than it completes: no response time exists.`;
  const { responseTimeS: t, waitingTimeS, serviceTimeS } = result;
  const times = table(
    ['', 'mean', 'p50', 'p95', 'p99'],
    [
      ['response time', ms(t.mean), ms(t.p50), ms(t.p95), ms(t.p99)],
      ['waiting', ms(waitingTimeS.mean), '', '', ''],
      ['service', ms(serviceTimeS.mean), '', '', ''],
    ],
  );
  let row = 0;
  const vms = table(
    ['VMs', 'μ/s', 'cores', 'N', 'arrivals/s each', 'utilization', 'response mean'],
    input.pool.map((group) => {
      const vm = result.perVm[row]!;
      row += group.count;
      return [
        String(group.count),
        String(group.serviceRatePerS),
        String(group.cores),
        String(group.sharingLimit),
        vm.arrivalRatePerS.toPrecision(4),
        `${(100 * vm.utilization).toFixed(1)}%`,
        ms(vm.responseTimeS.mean),
      ];
    }),
  );
  return `${head}\n\n${times}\n\n${vms}`;
}
