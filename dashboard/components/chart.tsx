import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  label: string;
  /** CSS custom property with the colour. */
  colour: string;
  width: number;
  dash?: number[];
  /** Holds until the next point, as a plan does. */
  stepped?: boolean;
  fill?: string;
}

/** One chart. Lines differ by dash and width too, so that colour is never needed. */
export function Chart(props: {
  title: string;
  unit: string;
  lines: Line[];
  data: uPlot.AlignedData;
  fromS: number;
  toS: number;
  /** What it shows, for those who do not see it. */
  summary: string;
  digits: (value: number) => string;
  onPick: (atMs: number) => void;
}) {
  const { title, unit, lines, data, fromS, toS, summary } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = holder.current!;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, latest), latest.current.data, element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize(sizeOf(element)));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(data, false);
      plot.current?.setScale('x', { min: fromS, max: toS });
    });
  }, [data, fromS, toS]);

  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong> <span class="dim">{unit}</span>
      </figcaption>
      <div class="plot" ref={holder} role="img" aria-label={`${title}: ${summary}`} />
      <ul class="legend" aria-hidden="true">
        {lines.map((line) => (
          <li key={line.label}>
            <svg width="22" height="8" aria-hidden="true">
              <line
                x1="1"
                x2="21"
                y1="4"
                y2="4"
                stroke={`var(${line.colour})`}
                stroke-width={line.width}
                stroke-dasharray={(line.dash ?? []).join(' ')}
              />
            </svg>
            {line.label}
          </li>
        ))}
      </ul>
    </figure>
  );
}

const sizeOf = (element: HTMLElement) => ({ width: Math.max(160, element.clientWidth), height: 132 });

function options(
  element: HTMLElement,
  latest: { current: { lines: Line[]; digits: (value: number) => string; onPick: (atMs: number) => void } },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--dim'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    ...sizeOf(element),
    padding: [6, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
    },
    axes: [
      {
        ...axis,
        space: 70,
        size: 22,
        incrs: [15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600],
        values: '{HH}:{mm}:{ss}',
      },
      {
        ...axis,
        size: 46,
        space: 30,
        values: (_plot, splits) => splits.map((value) => latest.current.digits(value)),
      },
    ],
    series: [
      {},
      ...latest.current.lines.map(
        (line): uPlot.Series => ({
          label: line.label,
          stroke: colour(line.colour),
          width: line.width,
          points: { show: false },
          spanGaps: true,
          ...(line.dash === undefined ? {} : { dash: line.dash }),
          ...(line.fill === undefined ? {} : { fill: colour(line.fill) }),
          ...(line.stepped && uPlot.paths.stepped !== undefined ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
        }),
      ),
    ],
    hooks: {
      ready: [
        (plot) => {
          plot.over.addEventListener('click', () => {
            const left = plot.cursor.left ?? -1;
            if (left >= 0) latest.current.onPick(plot.posToVal(left, 'x') * 1000);
          });
        },
      ],
    },
  };
}
