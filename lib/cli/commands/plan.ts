import type { Command } from 'commander';
import { plan } from '../../domain/planner/plan.ts';
import type { PlanResult } from '../../domain/planner/types.ts';
import { planProblemSchema } from '../../ports/contracts/plan.ts';
import { ExitCode } from '../errors.ts';
import { nothingPiped, readDocument, table, writeJson, writeLine } from '../io.ts';
import { planLive } from '../live-plan.ts';
import { type OperatorOptions, operatorOptions } from '../operator.ts';

interface Options extends OperatorOptions {
  file?: string;
  live?: boolean;
}

/** `oaas plan`: the cheapest fleet for a problem document, or what the scaler of the running system would do now. */
export function register(program: Command): void {
  operatorOptions(program.command('plan'))
    .description('the cheapest fleet that keeps a response-time promise, with its proof, or the papers’ own choice')
    .option('--file <file>', 'problem document (JSON); standard input when absent or "-"')
    .option('--live', 'what the running system would do now and why; the default when nothing is piped in')
    .addHelpText(
      'after',
      `
Example:
  echo '{"arrivalRatePerS":1000,"sla":{"indicator":"mean","targetS":0.035},"policy":"jsq",
         "offers":[{"id":"A","serviceRatePerS":50,"priceUsdPerHour":0.06}]}' | npx oaas plan
  npx oaas plan --live            the running system, now
The whole document: npx oaas schema plan. Exit code 3 when no fleet keeps the promise.`,
    )
    .action((options: Options) => {
      const live = options.live === true || (options.file === undefined && nothingPiped());
      return live ? planLive(options) : planFromDocument(options);
    });
}

/** Plans the problem in `--file` or on standard input. */
export async function planFromDocument(options: Pick<Options, 'file' | 'json'>): Promise<void> {
  const problem = await readDocument(planProblemSchema, options);
  const result = plan(problem, { now: () => performance.now() });
  if (options.json) writeJson(result);
  else printPlan(result);
  if (result.status === 'infeasible') process.exitCode = ExitCode.negative;
}

/** Prints a plan for a person. */
export function printPlan(result: PlanResult): void {
  if (result.status === 'infeasible') {
    writeLine(`infeasible (${result.method}, ${result.policy}): ${result.reason}`);
  } else {
    const { mean, p95 } = result.predicted.responseTimeS;
    writeLine(
      `${result.status} (${result.method}, ${result.policy}): ${result.fleet.reduce((n, f) => n + f.count, 0)} VMs, ` +
        `$${fixed(result.costUsdPerHour)}/h, $${fixed(result.newUsdOverHorizon)} new over the horizon, ` +
        `at least $${fixed(result.lowerBoundUsd)} (gap ${result.gapPct === null ? 'unknown' : `${fixed(result.gapPct)} %`})`,
    );
    writeLine(`predicted response time: mean ${milliseconds(mean)}, p95 ${milliseconds(p95)}`);
    if (result.actions.length > 0) {
      writeLine();
      writeLine(
        table(
          ['do', 'count', 'offer', 'why'],
          result.actions.map((a) => [a.do, String(a.count), a.offer, a.why]),
        ),
      );
    } else writeLine('nothing to do: no VM is needed');
  }
  if (result.dispatch) {
    writeLine();
    writeLine(`dispatch: ${result.dispatch.mode}. ${result.dispatch.why}`);
  }
  for (const note of result.notes ?? []) writeLine(`note: ${note}`);
}

const fixed = (value: number): string => String(Number(value.toPrecision(5)));
const milliseconds = (seconds: number | null): string =>
  seconds === null ? 'not predicted' : `${fixed(seconds * 1000)} ms`;
