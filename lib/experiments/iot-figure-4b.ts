import type { Experiment } from './experiment.ts';
import { recorded, scaled } from './live-lab.ts';
import { lineChart } from './svg.ts';

/** A running system whose front-end can be measured; the experiment knows nothing else of it. */
export interface RoutingTarget {
  /** Has exactly so many servers ready behind the front-end, whatever it had before. */
  scaleTo(servers: number): Promise<void>;
  /** One request as a device makes it: time at the front-end alone, and until the answer, milliseconds. */
  request(): Promise<{ routingMs: number; totalMs: number }>;
  close(): Promise<void>;
}

const SERVERS = [1, 2, 3, 4, 5, 6, 7];
const REQUESTS = 250;
const INTER_ARRIVAL_MS = 3_000;
/** The paper's abstract: "very small overhead of ≈150 milliseconds in the total response time". */
const PAPER_ROUTING_MS = 150;

/**
 * Figure 4b of the IoT paper: routing time of the front-end with 1 to 7 servers, measured on a live system.
 *
 * @param connect opens the system to measure
 * @param sleep waits; given so that tests need not
 */
export function iotFigure4b(connect: () => Promise<RoutingTarget>, sleep: (ms: number) => Promise<void>): Experiment {
  return {
    name: 'iot-figure-4b',
    title: 'IoT paper, Figure 4b: routing time with 1 to 7 servers',
    source: 'Flores et al. 2017, Figure 4b: 250 requests, one every 3 s, measured on the real local front-end.',
    async run(context) {
      const { speed, onProgress } = context;
      const requests = context.quick ? 10 : scaled(REQUESTS, context, 40);
      const target = await connect();
      const rows: number[][] = [];
      try {
        for (const servers of SERVERS) {
          await target.scaleTo(servers);
          const times: { routingMs: number; totalMs: number }[] = [];
          for (let i = 0; i < requests; i++) {
            times.push(await target.request());
            onProgress(`${servers} servers, ${i + 1}/${requests}`);
            await sleep(INTER_ARRIVAL_MS / speed);
          }
          rows.push([servers, ...summary(times.map((t) => t.routingMs)), ...summary(times.map((t) => t.totalMs))]);
        }
      } finally {
        await target.close();
      }
      const routing = rows.map((r) => r[1]!);
      const growth = routing.at(-1)! / routing[0]!;
      return {
        claims: [
          {
            claim: `routing costs about ${PAPER_ROUTING_MS} ms of a request`,
            ours: `${Math.min(...routing).toFixed(1)} to ${Math.max(...routing).toFixed(1)} ms by our proxy route: placement, forwarding and the way back`,
            holds: Math.max(...routing) <= PAPER_ROUTING_MS,
          },
          {
            claim: '(ours) routing does not grow with the number of servers',
            ours: `${growth.toFixed(2)} times as long with 7 servers as with 1`,
            holds: growth < 2,
          },
        ],
        tables: [
          recorded('figure-4b', 'iot-figure-4b', context, {
            header: ['servers', 'routingMedianMs', 'routingP95Ms', 'totalMedianMs', 'totalP95Ms'],
            rows,
          }),
        ],
        shown: ['recorded-figure-4b'],
        figures: [
          {
            name: 'figure-4b',
            caption: 'Routing time of the front-end against the number of servers',
            svg: lineChart({
              title: 'Routing time',
              xLabel: 'servers',
              yLabel: 'milliseconds',
              series: [
                { name: 'median', style: 'markers', points: rows.map((r) => ({ x: r[0]!, y: r[1]! })) },
                { name: '95th percentile', style: 'markers', points: rows.map((r) => ({ x: r[0]!, y: r[2]! })) },
              ],
            }),
          },
        ],
        notes: [
          `${requests} requests per number of servers, one every ${INTER_ARRIVAL_MS / speed} ms, on one machine.`,
        ],
      };
    },
  };
}

/** Median and 95th percentile. */
function summary(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 2)]!, sorted[Math.floor(0.95 * sorted.length)]!];
}
