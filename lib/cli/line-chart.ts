/** A figure with one or more lines over a common axis. */
export interface LineChart {
  title: string;
  xLabel: string;
  yLabel: string;
  series: { name: string; points: [x: number, y: number][] }[];
}

const width = 720;
const height = 440;
const margin = { left: 70, right: 20, top: 40, bottom: 90 };
/** Okabe and Ito's colours, apart for all readers. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** Draws a line chart as a self-contained SVG document; the y axis starts at 0. */
export function lineChart({ title, xLabel, yLabel, series }: LineChart): string {
  const xs = series.flatMap((s) => s.points.map(([x]) => x));
  const ys = series.flatMap((s) => s.points.map(([, y]) => y));
  const xTicks = ticks(Math.min(...xs), Math.max(...xs));
  const yTicks = ticks(0, Math.max(0, ...ys));
  const inner = { w: width - margin.left - margin.right, h: height - margin.top - margin.bottom };
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const top = yTicks.at(-1) ?? 1;
  const px = (x: number) => margin.left + (x1 > x0 ? (x - x0) / (x1 - x0) : 0.5) * inner.w;
  const py = (y: number) => margin.top + inner.h - (top > 0 ? y / top : 0) * inner.h;
  const grid = yTicks.map(
    (y) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${py(y)}" y2="${py(y)}" stroke="#ddd"/>` +
      `<text x="${margin.left - 8}" y="${py(y) + 4}" text-anchor="end">${label(y)}</text>`,
  );
  const axis = xTicks
    .filter((x) => x >= x0 && x <= x1)
    .map((x) => `<text x="${px(x)}" y="${margin.top + inner.h + 20}" text-anchor="middle">${label(x)}</text>`);
  const lines = series.map(({ points }, i) => {
    const colour = colours[i % colours.length];
    const path = points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  });
  const legend = series.map(({ name }, i) => {
    const x = margin.left + (i % 4) * 160;
    const y = height - 34 + Math.floor(i / 4) * 18;
    return `<rect x="${x}" y="${y - 9}" width="18" height="4" fill="${colours[i % colours.length]}"/><text x="${x + 24}" y="${y - 3}">${escapeXml(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-labelledby="title">
<title id="title">${escapeXml(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${width / 2}" y="22" text-anchor="middle" font-size="15">${escapeXml(title)}</text>
${grid.join('\n')}
${axis.join('\n')}
<text x="${margin.left + inner.w / 2}" y="${margin.top + inner.h + 38}" text-anchor="middle">${escapeXml(xLabel)}</text>
<text transform="translate(18 ${margin.top + inner.h / 2}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>
${lines.join('\n')}
${legend.join('\n')}
</svg>
`;
}

/** Round values from below `from` to above `to`, about six. */
function ticks(from: number, to: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
}

const label = (value: number): string => String(Number(value.toPrecision(6)));

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
