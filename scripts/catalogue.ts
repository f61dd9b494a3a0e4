/**
 * Rebuilds the committed price and speed table, lib/domain/pricing/catalogue-data.ts, from public CSV files.
 *
 *   node --import tsx scripts/catalogue.ts [--data ../shared/data] [--check]
 *
 * Wants in the data directory: `ec2/ec2_catalog_*.csv` (region, instance_type, vcpu, memory_gib, arch, od_usd_h) and
 * `benchmarks/ec2_benchmarks_*.csv` (instance_type, vcpus, gb6_single, stressng_div16_1core, stressng_div16_all); the newest of each by name.
 * `--check` writes nothing and fails when the committed table differs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const target = new URL('../lib/domain/pricing/catalogue-data.ts', import.meta.url);
/** Current-generation general, compute, memory and burstable families. */
const families = /^([mcr][6-9][a-z]*(-flex)?|t3a?|t4g)$/;
/** Speed 1.00 is a core with this Geekbench 6 single-core score: about that of a Graviton 3. */
const referenceScore = 1500;

type Row = Record<string, string>;

function readCsv(directory: string, prefix: string): { rows: Row[]; header: string[]; name: string } {
  const name = readdirSync(directory)
    .filter((f) => f.startsWith(prefix) && f.endsWith('.csv'))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`no ${prefix}*.csv in ${directory}`);
  const lines = readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean);
  const [head, ...body] = lines.filter((l) => !l.startsWith('#'));
  const columns = head!.split(',');
  const rows = body.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((c, i) => [c, cells[i] ?? '']));
  });
  return { rows, header: lines.filter((l) => l.startsWith('#')), name };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const familyOf = (type: string): string => type.split('.')[0]!;

/** Per family: median single-core score, and whether two vCPUs share one core (all vCPUs together do far less than vCPUs x one). */
function speeds(benchmarks: Row[]): Map<string, { speed: number; shared: boolean }> {
  const byFamily = new Map<string, { score: number; scaling: number }[]>();
  for (const row of benchmarks) {
    const score = Number(row.gb6_single);
    const one = Number(row.stressng_div16_1core);
    const all = Number(row.stressng_div16_all);
    if (!(score > 0) || !(one > 0) || !(all > 0)) continue;
    const list = byFamily.get(familyOf(row.instance_type!)) ?? [];
    list.push({ score, scaling: all / one / Number(row.vcpus) });
    byFamily.set(familyOf(row.instance_type!), list);
  }
  return new Map(
    [...byFamily].map(([family, list]) => [
      family,
      {
        speed: Number((median(list.map((l) => l.score)) / referenceScore).toFixed(2)),
        shared: median(list.map((l) => l.scaling)) < 0.8,
      },
    ]),
  );
}

function build(data: string): string {
  const catalogue = readCsv(join(data, 'ec2'), 'ec2_catalog');
  const benchmarks = readCsv(join(data, 'benchmarks'), 'ec2_benchmarks');
  const speedOf = speeds(benchmarks.rows);
  const regions = [...new Set(catalogue.rows.map((r) => r.region!))].sort();
  const types = new Map<string, { row: Row; prices: Map<string, string> }>();
  for (const row of catalogue.rows) {
    const family = familyOf(row.instance_type!);
    if (!families.test(family) || !speedOf.has(family) || !(Number(row.od_usd_h) > 0)) continue;
    const type = types.get(row.instance_type!) ?? { row, prices: new Map<string, string>() };
    type.prices.set(row.region!, String(Number(row.od_usd_h)));
    types.set(row.instance_type!, type);
  }
  const size = (type: string) => Number(types.get(type)!.row.vcpu) * 1e6 + Number(types.get(type)!.row.memory_gib);
  const names = [...types.keys()].sort((a, b) => familyOf(a).localeCompare(familyOf(b)) || size(a) - size(b));
  const lines = names.map((name) => {
    const { row, prices } = types.get(name)!;
    const { speed, shared } = speedOf.get(familyOf(name))!;
    const vcpus = Number(row.vcpu);
    const cores = shared ? Math.max(1, vcpus / 2) : vcpus;
    const facts = [name, vcpus, cores, Number(row.memory_gib), row.arch, speed];
    return [...facts, ...regions.map((r) => prices.get(r) ?? '-')].join(' ');
  });
  const asOf = /on-demand (\d{4}-\d{2}-\d{2})/.exec(catalogue.header.join(' '))?.[1] ?? 'unknown';
  const measured = /_(\d{4}-\d{2})\.csv$/.exec(benchmarks.name)?.[1] ?? 'unknown';
  return `// Written by scripts/catalogue.ts; do not edit. Facts only, in our own form.
// Prices: EC2 Linux on-demand, USD/h, ${asOf}, from github:varad-more/ec2-instance-advisor (MIT).
// Speed and cores: derived from the benchmark runs of github:SpareCores/sc-inspector-data, ${measured} (CC BY-SA 4.0, (c) Spare Cores);
// one run per type, so the family's median. Geekbench is a name of Primate Labs.
export const asOf = '${asOf}';
/** One line per type; a price per region, "-" where it is not offered. */
export const table = \`
type vCPUs cores memoryGib architecture speed ${regions.join(' ')}
${lines.join('\n')}
\`;
`;
}

const { values } = parseArgs({
  options: { data: { type: 'string', default: '../shared/data' }, check: { type: 'boolean' } },
});
const text = build(values.data);
if (values.check) {
  if (readFileSync(target, 'utf8') !== text) {
    process.stderr.write('the committed catalogue differs from the data: run scripts/catalogue.ts\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
  process.stdout.write(`${text.length} characters written to ${target.pathname}\n`);
}
