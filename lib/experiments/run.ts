import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Experiment, ExperimentContext, ExperimentReport } from './experiment.ts';
import { csv, page } from './page.ts';

export interface RunOutcome {
  experiment: Experiment;
  report: ExperimentReport;
  seconds: number;
}

/** Runs one experiment and writes `out/NAME/` with its CSV, SVG and README.md. */
export async function runExperiment(
  experiment: Experiment,
  context: ExperimentContext,
  out: string,
): Promise<RunOutcome> {
  const start = performance.now();
  const report = await experiment.run(context);
  const folder = join(out, experiment.name);
  await mkdir(folder, { recursive: true });
  for (const table of report.tables) await writeFile(join(folder, `${table.name}.csv`), csv(table));
  for (const figure of report.figures) await writeFile(join(folder, `${figure.name}.svg`), figure.svg);
  await writeFile(join(folder, 'README.md'), page(experiment, report, '', 1));
  return { experiment, report, seconds: (performance.now() - start) / 1000 };
}

/** Writes `OUT.md` beside the folder `OUT`: every experiment on one page. */
export async function writeCollection(outcomes: readonly RunOutcome[], out: string, quick: boolean): Promise<string> {
  const total = outcomes.reduce((sum, o) => sum + o.seconds, 0);
  const path = `${out.replace(/\/+$/, '')}.md`;
  const text = [
    '# Experiments',
    '',
    `Written by \`npx oaas experiment all --out ${out}\` in ${Math.round(total)} s${quick ? ' (--quick: figures are not to be quoted)' : ''}. Do not edit by hand.`,
    '',
    ...outcomes.map(({ experiment }) => `- [${experiment.title}](#${anchor(experiment.title)})`),
    '',
    ...outcomes.map(({ experiment, report }) => page(experiment, report, `${basename(out)}/${experiment.name}/`, 2)),
  ].join('\n');
  await writeFile(path, text);
  return path;
}

const anchor = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-');
