import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type Bench, type BenchRow, withinBar } from './row.ts';

/** Every benchmark, loaded only when it runs. */
const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  agent: () => import('./agent.ts'),
  isolation: () => import('./isolation.ts'),
  placement: () => import('./placement.ts'),
  store: () => import('./store.ts'),
  lambda: () => import('./lambda.ts'),
  offload: () => import('./offload.ts'),
  system: () => import('./system.ts'),
  model: () => import('./model-accuracy.ts'),
  planner: () => import('./planner.ts'),
  forecast: () => import('./forecast.ts'),
  simulator: () => import('./simulator.ts'),
  page: () => import('./page.ts'),
};

const help = `npm run bench [-- NAME ... ] [--quick] [--json FILE]
  Runs the benchmarks (all, or those named) and prints a Markdown table; docs/benchmarks.md keeps the last full run.
  NAME   ${Object.keys(benches).join(', ')}
  --quick  short runs: shows that every benchmark works; figures are not to be quoted, bars are not judged
  --json FILE  writes the rows as JSON`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const unknown = positionals.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
);
const rows: (BenchRow & { bench: string })[] = [];
const broken: string[] = [];
let brokenOff = false;
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const found = await measured(name);
  if (found === null) continue;
  rows.push(...found.map((row) => ({ bench: name, ...row })));
  console.log(toMarkdown(name, found, values.quick));
}
if (values.json !== undefined) {
  await mkdir('out', { recursive: true });
  await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}
if (broken.length > 0) {
  console.error(`no figures of ${broken.join(', ')}: see above`);
  process.exitCode = 1;
}
const missed = rows.filter((row) => !withinBar(row));
if (missed.length > 0 && !values.quick) {
  console.error(
    `${missed.length} of ${rows.length} figures miss their bar: ${missed.map((row) => row.name).join('; ')}`,
  );
  process.exitCode = 1;
}
// A benchmark that was broken off may have left timers and connections.
if (brokenOff) process.exit();

/**
 * The figures of one benchmark; null when it cannot run. A request that was refused because the machine stalled ends a benchmark, too:
 * only what fails three times counts.
 */
async function measured(name: string): Promise<BenchRow[] | null> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      const { bench } = await benches[name]!();
      const onProgress = (message: string) => process.stderr.write(`${name}: ${message}\n`);
      return await bench({ quick: values.quick, onProgress });
    } catch (error) {
      brokenOff = true;
      console.error(`${name}: attempt ${attempt} of 3 ended with`, error);
    }
  }
  broken.push(name);
  return null;
}

function toMarkdown(name: string, found: readonly BenchRow[], quick: boolean): string {
  const lines = found.map((row) => {
    const bar =
      row.bar === undefined
        ? ''
        : 'atMost' in row.bar
          ? `≤ ${row.bar.atMost}`
          : `≥ ${row.bar.atLeast.toLocaleString('en')}`;
    const verdict = row.bar === undefined || quick ? '' : withinBar(row) ? 'yes' : '**no**';
    return `| ${row.name} | ${format(row.value)} ${row.unit} | ${bar} | ${verdict} | ${row.note ?? ''} |`;
  });
  return `## ${name}\n\n| what | measured | bar | kept | beside |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
