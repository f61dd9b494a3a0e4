/** Small clean SVG charts: lines with error bars, and grouped bars. Pure text in, text out; no fonts or scripts embedded. */

export interface Point {
  x: number;
  y: number;
  /** Half-width of an error bar. */
  error?: number;
}

export interface Series {
  name: string;
  points: readonly Point[];
  /** `line` (default), `dashed` for bounds and references, `markers` for points joined by a thin line, `dots` for points alone. */
  style?: 'line' | 'dashed' | 'markers' | 'dots';
  /** Number of a colour shared with another series; by default each has its own. */
  colour?: number;
  /** Not in the legend. */
  unlisted?: boolean;
  /** Draws the value as held until the next point. */
  step?: boolean;
}

export interface LineChart {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** Logarithmic; `yRange` must then be positive. */
  logY?: boolean;
}

export interface BarChart {
  title: string;
  yLabel: string;
  categories: readonly string[];
  /** One value (and error) per category; null leaves a gap. */
  series: readonly { name: string; values: readonly (number | null)[]; errors?: readonly number[] }[];
  /** Dashed horizontal line. */
  reference?: { name: string; value: number };
}

/** Okabe & Ito: told apart by colour-blind readers too. */
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#6b6b6b',
  '#8c564b',
  '#000000',
  '#7a9a01',
  '#332288',
  '#117733',
  '#b15928',
];
const WIDTH = 760;
const PLOT_HEIGHT = 320;
const MARGIN = { top: 44, right: 20, bottom: 52, left: 66 };
const LEGEND_ROW = 18;

export function lineChart(chart: LineChart): string {
  const all = chart.series.flatMap((s) => s.points).filter((p) => Number.isFinite(p.y) && Number.isFinite(p.x));
  const xRange = chart.xRange ?? extent(all.map((p) => p.x));
  const inside = all.filter((p) => p.x >= xRange[0] && p.x <= xRange[1]);
  const yRange = chart.yRange ?? [0, 1.05 * extent(inside.map((p) => p.y + (p.error ?? 0)))[1]];
  const xTicks = ticks(xRange[0], xRange[1], 8);
  const listed = chart.series.filter((s) => !s.unlisted);
  const frame = frameOf(
    chart.title,
    chart.yLabel,
    listed.map((s) => s.name),
    yRange,
    chart.logY,
  );
  const colourOf = (s: Series) => colour(s.colour ?? chart.series.indexOf(s));
  const x = (value: number) =>
    frame.left + ((value - xRange[0]) / (xRange[1] - xRange[0] || 1)) * (frame.right - frame.left);
  const body = [
    ...xTicks.map((t) => text(x(t), frame.bottom + 18, label(t), 'middle')),
    ...xTicks.map((t) => line(x(t), frame.bottom, x(t), frame.bottom + 4, 'axis')),
    text((frame.left + frame.right) / 2, frame.bottom + 38, chart.xLabel, 'middle'),
    '<g clip-path="url(#plot)">',
    ...chart.series.map((s) => drawSeries(s, colourOf(s), x, frame.y, yRange)),
    '</g>',
    ...legend(listed.map((s) => ({ name: s.name, colour: colourOf(s), dashed: s.style === 'dashed' }))),
  ];
  return document(frame, body);
}

export function barChart(chart: BarChart): string {
  const values = chart.series.flatMap((s) => s.values.map((v, i) => (v ?? 0) + (s.errors?.[i] ?? 0)));
  const yRange: [number, number] = [0, 1.08 * Math.max(...values, chart.reference?.value ?? 0)];
  const names = chart.series.map((s) => s.name);
  const frame = frameOf(chart.title, chart.yLabel, chart.reference ? [...names, chart.reference.name] : names, yRange);
  const slot = (frame.right - frame.left) / chart.categories.length;
  const width = Math.min(46, (0.8 * slot) / chart.series.length);
  const body: string[] = [];
  chart.categories.forEach((category, c) => {
    const centre = frame.left + slot * (c + 0.5);
    body.push(...wrapped(centre, frame.bottom + 18, category, slot));
    chart.series.forEach((s, i) => {
      const value = s.values[c];
      if (value === null || value === undefined) return;
      const left = centre + (i - chart.series.length / 2) * width;
      const top = frame.y(value);
      body.push(
        `<rect x="${n(left)}" y="${n(top)}" width="${n(width - 2)}" height="${n(frame.bottom - top)}" fill="${colour(i)}"/>`,
      );
      const error = s.errors?.[c] ?? 0;
      if (error > 0) body.push(errorBar(left + width / 2 - 1, frame.y(value - error), frame.y(value + error), '#222'));
    });
  });
  const keys = chart.series.map((s, i) => ({ name: s.name, colour: colour(i), dashed: false }));
  if (chart.reference) {
    const y = frame.y(chart.reference.value);
    body.push(
      `<path d="M${frame.left} ${n(y)}H${frame.right}" stroke="#222" stroke-width="1.5" stroke-dasharray="6 4"/>`,
    );
    keys.push({ name: chart.reference.name, colour: '#222', dashed: true });
  }
  return document(frame, [...body, ...legend(keys)]);
}

interface Frame {
  title: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
  height: number;
  y(value: number): number;
  axes: string[];
}

function frameOf(
  title: string,
  yLabel: string,
  names: readonly string[],
  yRange: readonly [number, number],
  logY = false,
): Frame {
  const top = MARGIN.top + LEGEND_ROW * legendRows(names);
  const bottom = top + PLOT_HEIGHT;
  const left = MARGIN.left;
  const right = WIDTH - MARGIN.right;
  const on = (value: number) => (logY ? Math.log(Math.max(value, yRange[0] / 1000)) : value);
  const y = (value: number) =>
    bottom - ((on(value) - on(yRange[0])) / (on(yRange[1]) - on(yRange[0]) || 1)) * PLOT_HEIGHT;
  const axes = [
    ...(logY ? logTicks(yRange[0], yRange[1]) : ticks(yRange[0], yRange[1], 6)).flatMap((t) => [
      line(left, y(t), right, y(t), 'grid'),
      text(left - 8, y(t) + 4, label(t), 'end'),
    ]),
    line(left, bottom, right, bottom, 'axis'),
    `<text transform="translate(16 ${n((top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>`,
  ];
  return { title, left, right, top, bottom, height: bottom + MARGIN.bottom, y, axes };
}

function document(frame: Frame, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${frame.height}" width="${WIDTH}" height="${frame.height}" role="img">`,
    `<title>${escapeXml(frame.title)}</title>`,
    '<style>text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:#333}.title{font-size:15px;font-weight:600;fill:#111}.grid{stroke:#e4e4e4}.axis{stroke:#555}</style>',
    `<clipPath id="plot"><rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${PLOT_HEIGHT}"/></clipPath>`,
    `<rect width="${WIDTH}" height="${frame.height}" fill="#fff"/>`,
    `<text class="title" x="${MARGIN.left}" y="24">${escapeXml(frame.title)}</text>`,
    ...frame.axes,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function drawSeries(
  series: Series,
  stroke: string,
  x: (v: number) => number,
  y: (v: number) => number,
  yRange: readonly [number, number],
): string {
  const far = yRange[1] + 2 * (yRange[1] - yRange[0]);
  const points = series.points.filter((p) => !Number.isNaN(p.y)).map((p) => ({ ...p, y: Math.min(p.y, far) }));
  let d = '';
  points.forEach((p, i) => {
    if (i === 0) d += `M${n(x(p.x))} ${n(y(p.y))}`;
    else d += series.step ? `H${n(x(p.x))}V${n(y(p.y))}` : `L${n(x(p.x))} ${n(y(p.y))}`;
  });
  const dash = series.style === 'dashed' ? ' stroke-dasharray="6 4"' : '';
  const width = series.style === 'markers' ? 1 : 2;
  const marks = points
    .filter(() => series.style === 'markers' || series.style === 'dots')
    .map((p) => `<circle cx="${n(x(p.x))}" cy="${n(y(p.y))}" r="3.5" fill="${stroke}"/>`);
  const errors = points
    .filter((p) => (p.error ?? 0) > 0)
    .map((p) => errorBar(x(p.x), y(p.y - p.error!), y(p.y + p.error!), stroke));
  const path =
    series.style === 'dots' ? '' : `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}"${dash}/>`;
  return `${path}${marks.join('')}${errors.join('')}`;
}

const errorBar = (x: number, low: number, high: number, stroke: string) =>
  `<path d="M${n(x)} ${n(low)}V${n(high)}M${n(x - 3)} ${n(low)}h6M${n(x - 3)} ${n(high)}h6" stroke="${stroke}" fill="none"/>`;

/** Legend entries flow left to right under the title and wrap; about 7 px per character. */
const entryWidth = (name: string) => 40 + 7 * name.length;

function legendRows(names: readonly string[]): number {
  let rows = 1;
  let at = MARGIN.left;
  for (const name of names) {
    if (at + entryWidth(name) > WIDTH && at > MARGIN.left) {
      rows += 1;
      at = MARGIN.left;
    }
    at += entryWidth(name);
  }
  return rows;
}

function legend(entries: readonly { name: string; colour: string; dashed: boolean }[]): string[] {
  let at = MARGIN.left;
  let row = MARGIN.top;
  return entries.map(({ name, colour: stroke, dashed }) => {
    if (at + entryWidth(name) > WIDTH && at > MARGIN.left) {
      at = MARGIN.left;
      row += LEGEND_ROW;
    }
    const dash = dashed ? ' stroke-dasharray="6 4"' : '';
    const entry = `<path d="M${at} ${row - 4}h22" stroke="${stroke}" stroke-width="3"${dash}/>${text(at + 28, row, name, 'start')}`;
    at += entryWidth(name);
    return entry;
  });
}

/** Round tick values: 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, about: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999)!;
  const values: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * span; i++) values.push(i * step);
  return values;
}

/** 1, 2 and 5 times the powers of ten. */
function logTicks(low: number, high: number): number[] {
  const values: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    values.push(...[power, 2 * power, 5 * power].filter((v) => v >= low && v <= high));
  }
  return values;
}

function wrapped(x: number, y: number, value: string, width: number): string[] {
  const most = Math.max(4, Math.floor(width / 6.4));
  const rows: string[] = [];
  for (const word of value.split(' ')) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + word.length + 1 <= most) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  return rows.slice(0, 3).map((row, i) => text(x, y + 13 * i, row, 'middle'));
}

/** Least and greatest; 0 and 1 when there is nothing to show. */
const extent = (values: readonly number[]): [number, number] =>
  values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
const colour = (i: number) => COLOURS[i % COLOURS.length]!;
const label = (value: number) => String(Number(value.toPrecision(6)));
const n = (value: number) => String(Math.round(value * 10) / 10);
const line = (x1: number, y1: number, x2: number, y2: number, kind: string) =>
  `<path class="${kind}" d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}"/>`;
const text = (x: number, y: number, value: string, anchor: string) =>
  `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escapeXml(value)}</text>`;
export const escapeXml = (value: string) => value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
