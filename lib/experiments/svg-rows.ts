import { escapeXml, ticks } from './svg.ts';

/** Horizontal stacked bars, one row per name: for many names, or long ones. */
export interface RowChart {
  title: string;
  xLabel: string;
  parts: readonly { name: string; colour: string }[];
  rows: readonly { name: string; values: readonly number[]; error?: number; note: string }[];
  /** Dashed vertical line. */
  reference: { name: string; value: number };
}

const WIDTH = 760;
const LEFT = 260;
const RIGHT = 640;
const TOP = 66;
const ROW = 24;

export function rowChart(chart: RowChart): string {
  const most = 1.02 * Math.max(chart.reference.value, ...chart.rows.map((r) => r.values.reduce((a, b) => a + b, 0)));
  const x = (value: number) => (LEFT + (value / most) * (RIGHT - LEFT)).toFixed(1);
  const bottom = TOP + ROW * chart.rows.length;
  const height = bottom + 52;
  const legend = [...chart.parts, { name: chart.reference.name, colour: '#222' }].map(
    (part, i) =>
      `<rect x="${20 + 170 * i}" y="38" width="14" height="10" fill="${part.colour}"/><text x="${40 + 170 * i}" y="48">${escapeXml(part.name)}</text>`,
  );
  const grid = ticks(0, most, 6).map(
    (t) =>
      `<path class="grid" d="M${x(t)} ${TOP}V${bottom}"/><text x="${x(t)}" y="${bottom + 18}" text-anchor="middle">${Number(t.toPrecision(6))}</text>`,
  );
  const bars = chart.rows.flatMap((row, i) => {
    const y = TOP + ROW * i;
    let from = 0;
    const rects = row.values.map((value, k) => {
      const rect = `<rect x="${x(from)}" y="${y + 4}" width="${((value / most) * (RIGHT - LEFT)).toFixed(1)}" height="${ROW - 8}" fill="${chart.parts[k]!.colour}"/>`;
      from += value;
      return rect;
    });
    const error = row.error ?? 0;
    const first = row.values[0] ?? 0;
    const whisker =
      error > 0
        ? `<path d="M${x(Math.max(0, first - error))} ${y + ROW / 2}H${x(first + error)}" stroke="#000" stroke-width="2"/>`
        : '';
    return [
      `<text x="${LEFT - 8}" y="${y + 16}" text-anchor="end">${escapeXml(row.name)}</text>`,
      ...rects,
      whisker,
      `<text x="${RIGHT + 10}" y="${y + 16}">${escapeXml(row.note)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeXml(chart.title)}</title>`,
    '<style>text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:#333}.title{font-size:15px;font-weight:600;fill:#111}.grid{stroke:#e4e4e4}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="20" y="24">${escapeXml(chart.title)}</text>`,
    ...legend,
    ...grid,
    ...bars,
    `<path d="M${x(chart.reference.value)} ${TOP}V${bottom}" stroke="#222" stroke-width="1.5" stroke-dasharray="6 4"/>`,
    `<text x="${(LEFT + RIGHT) / 2}" y="${bottom + 40}" text-anchor="middle">${escapeXml(chart.xLabel)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}
