import { type Command, InvalidArgumentError } from 'commander';
import type { Experiment, ExperimentContext } from '../../experiments/experiment.ts';
import { experiments } from '../../experiments/registry.ts';
import { type RunOutcome, runExperiment, writeCollection } from '../../experiments/run.ts';
import { badInput, ExitCode } from '../errors.ts';
import { table, writeJson, writeLine } from '../io.ts';

interface RunOptions {
  out: string;
  data: string;
  seed: number;
  speed: number;
  file?: string;
  quick?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program.command('experiment').description("replay the papers' experiments and our own");
  command
    .command('list')
    .description('name and source of every experiment')
    .option('--json', 'machine-readable output')
    .action((options: { json?: boolean }) => {
      const rows = experiments.map(({ name, title, source }) => ({ name, title, source }));
      if (options.json) writeJson(rows);
      else
        writeLine(
          table(
            ['name', 'what'],
            rows.map((r) => [r.name, r.title]),
          ),
        );
    });
  runnable(command.command('run <name>').description('run one experiment into DIR/NAME'), (name) => {
    const found = experiments.find((e) => e.name === name);
    if (!found) throw badInput(`no experiment named "${name}"; there are ${experiments.map((e) => e.name).join(', ')}`);
    return [found];
  });
  command
    .command('collect')
    .description('write DIR.md from the experiments that have been run into DIR')
    .option('--out <dir>', 'folder that experiments were run into', 'out/experiments')
    .action(async ({ out }: { out: string }) => {
      const { path, names } = await writeCollection(experiments, out);
      if (names.length === 0)
        throw badInput(`${out} holds no experiment: run some with \`oaas experiment run NAME --out ${out}\``);
      writeLine(`Written: ${path} (${names.join(', ')})`);
    });
  runnable(
    command.command('all').description('run every experiment into DIR and collect them in DIR.md'),
    () => experiments,
  );
}

function runnable(command: Command, choose: (name?: string) => readonly Experiment[]): void {
  command
    .option('--out <dir>', 'folder for CSV, SVG and Markdown', 'out/experiments')
    .option(
      '--data <dir>',
      'folder with request traces; synthetic ones stand in when it has none',
      '../shared/data/traces',
    )
    .option('--seed <n>', 'seed of every random stream', whole, 1)
    .option(
      '--speed <factor>',
      'divides real waiting times of the live experiments; 100 keeps `all` within minutes',
      positive,
      100,
    )
    .option(
      '--file <csv>',
      'decision: a population recorded by `oaas load population --csv` instead of a simulated one',
    )
    .option('--quick', 'short runs that only show that everything works')
    .option('--json', 'print the claims as JSON')
    .action(async (...args: unknown[]) => {
      const name = typeof args[0] === 'string' ? args[0] : undefined;
      await runAll(choose(name), command.opts<RunOptions>(), name === undefined);
    });
}

async function runAll(chosen: readonly Experiment[], options: RunOptions, collect: boolean): Promise<void> {
  const outcomes: RunOutcome[] = [];
  for (const experiment of chosen) {
    const context: ExperimentContext = {
      seed: options.seed,
      dataDir: options.data,
      ...(options.file === undefined ? {} : { file: options.file }),
      quick: options.quick === true,
      speed: options.speed,
      onProgress: (message) => {
        if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${experiment.name}: ${message}`);
      },
    };
    const outcome = await runExperiment(experiment, context, options.out);
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    if (!options.json) show(outcome);
    outcomes.push(outcome);
  }
  const written = collect ? (await writeCollection(experiments, options.out)).path : options.out;
  if (options.json) {
    writeJson(
      outcomes.map(({ experiment, report, seconds }) => ({ name: experiment.name, seconds, claims: report.claims })),
    );
  } else writeLine(`Written: ${written}`);
  const missed = outcomes.flatMap((o) => o.report.claims).filter((c) => c.holds === false);
  if (missed.length > 0) process.exitCode = ExitCode.negative;
}

function show({ experiment, report, seconds }: RunOutcome): void {
  writeLine(`${experiment.title} (${seconds.toFixed(1)} s)`);
  for (const { claim, ours, holds } of report.claims) {
    writeLine(`  ${holds === true ? 'holds ' : holds === false ? 'FAILS ' : 'n/a   '} ${claim}\n         ${ours}`);
  }
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError(`a whole number of 0 or more, received "${text}"`);
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError(`a number above 0, received "${text}"`);
  return value;
}
