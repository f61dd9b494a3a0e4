import type { Experiment, ExperimentReport, Table } from './experiment.ts';

/** CSV with quotes only where needed (RFC 4180). */
export function csv(table: Table): string {
  const cell = (value: string | number) => {
    const shown = typeof value === 'number' ? String(Number(value.toPrecision(8))) : value;
    return /[",\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
  };
  const head = (table.head ?? []).map((line) => `# ${line}\n`).join('');
  return `${head}${[table.header, ...table.rows].map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** One experiment's page, beside its figures and tables. */
export function page(experiment: Experiment, report: ExperimentReport): string {
  const verdict = (holds: boolean | 'not comparable') => (holds === true ? 'yes' : holds === false ? '**no**' : holds);
  const shown = report.tables.filter((t) => report.shown?.includes(t.name));
  return [
    `# ${experiment.title}`,
    '',
    `\`npx oaas experiment run ${experiment.name} --out DIR\`. ${experiment.source}`,
    '',
    markdownTable(
      ['claim', 'ours', 'holds'],
      report.claims.map((c) => [c.claim, c.ours, verdict(c.holds)]),
    ),
    '',
    ...report.figures.flatMap((f) => [`![${f.caption}](${f.name}.svg)`, '', `_${f.caption}_`, '']),
    ...shown.flatMap((t) => [
      markdownTable(
        t.header,
        t.rows.map((r) => r.map(show)),
      ),
      '',
    ]),
    ...report.notes.map((note) => `- ${note}`),
    ...report.tables.flatMap((t) => (t.head === undefined ? [] : [`- ${t.name}.csv: ${t.head.join('; ')}.`])),
    '',
    `Data: ${report.tables.map((t) => `[${t.name}.csv](${t.name}.csv)`).join(', ')}.`,
    '',
  ].join('\n');
}

const show = (value: string | number) => (typeof value === 'number' ? String(Number(value.toPrecision(4))) : value);

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A page as a section of another: headings one level down, links into its folder. */
export const asSection = (text: string, folder: string): string =>
  text.replace(/^#/gm, '##').replace(/\]\(([\w-]+\.(?:svg|csv))\)/g, `](${folder}/$1)`);
