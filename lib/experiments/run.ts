import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Experiment, ExperimentContext, ExperimentReport } from './experiment.ts';
import { asSection, csv, page } from './page.ts';

export interface RunOutcome {
  experiment: Experiment;
  report: ExperimentReport;
  seconds: number;
}

/** Runs one experiment and writes `out/NAME/` with its CSV, SVG and README.md; those of an earlier run go. */
export async function runExperiment(
  experiment: Experiment,
  context: ExperimentContext,
  out: string,
): Promise<RunOutcome> {
  const start = performance.now();
  const report = await experiment.run(context);
  const folder = join(out, experiment.name);
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) if (/\.(svg|csv|md)$/.test(file)) await rm(join(folder, file));
  for (const table of report.tables) await writeFile(join(folder, `${table.name}.csv`), csv(table));
  for (const figure of report.figures) await writeFile(join(folder, `${figure.name}.svg`), figure.svg);
  await writeFile(join(folder, 'README.md'), page(experiment, report));
  return { experiment, report, seconds: (performance.now() - start) / 1000 };
}

/**
 * Writes `OUT.md` beside the folder `OUT`: the pages of all experiments that have been run into it.
 *
 * @returns the path written and the experiments on it
 */
export async function writeCollection(
  experiments: readonly Experiment[],
  out: string,
): Promise<{ path: string; names: string[] }> {
  const pages: { experiment: Experiment; text: string }[] = [];
  for (const experiment of experiments) {
    const text = await readFile(join(out, experiment.name, 'README.md'), 'utf8').catch(() => null);
    if (text !== null) pages.push({ experiment, text });
  }
  const path = `${out.replace(/\/+$/, '')}.md`;
  const lines = [
    '# Experiments',
    '',
    `Written by \`npx oaas experiment all --out ${out}\`; do not edit by hand. Every claim stands beside our number.`,
    '',
    ...pages.map(({ experiment }) => `- [${experiment.title}](#${anchor(experiment.title)})`),
    '',
    ...pages.map(({ experiment, text }) => asSection(text, `${basename(out)}/${experiment.name}`)),
  ];
  await writeFile(path, lines.join('\n'));
  return { path, names: pages.map(({ experiment }) => experiment.name) };
}

/** GitHub's anchor of a heading. */
const anchor = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-');
