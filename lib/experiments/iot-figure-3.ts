import type { Experiment } from './experiment.ts';
import { type HopTimes, labTasks, mean, type OpenLab, recorded, scaled } from './live-lab.ts';
import { barChart, lineChart } from './svg.ts';

const rounds = 60;
const parts = [
  { name: 'T1 device to front-end', of: (t: HopTimes) => t.t1Ms },
  { name: 'T2 front-end to surrogate', of: (t: HopTimes) => t.t2Ms },
  { name: 'queue', of: (t: HopTimes) => t.queueMs },
  { name: 'Tcloud', of: (t: HopTimes) => t.cloudMs },
];

/** Figures 3a and 3b of the IoT paper: the hops of a request, stamped on the way, measured on a live system. */
export function iotFigure3(open: OpenLab): Experiment {
  return {
    name: 'iot-figure-3',
    title: 'IoT paper, Figures 3a and 3b: T1, T2 and Tcloud',
    source: 'Flores et al. 2017, Figures 3a and 3b: time stamps of every hop, measured on the real local system.',
    async run(context) {
      const lab = await open();
      const times: (HopTimes & { request: number; task: string })[] = [];
      const count = context.quick ? 2 : scaled(rounds, context, 10);
      try {
        await lab.scaleTo(2);
        for (const task of labTasks) await lab.run(task);
        for (let round = 0; round < count; round++) {
          for (const task of labTasks) {
            const hops = await lab.run(task);
            times.push({ request: times.length + 1, task: `${task.appId}.${task.method}`, ...hops });
            context.onProgress(`${times.length}/${count * labTasks.length}`);
          }
        }
      } finally {
        await lab.close();
      }
      const names = labTasks.map((t) => `${t.appId}.${t.method}`);
      const per = names.map((name) => times.filter((t) => t.task === name));
      const means = per.map((own) => parts.map((part) => mean(own.map(part.of))));
      const [t1, t2, queue, cloud] = parts.map((part) => mean(times.map(part.of))) as [number, number, number, number];
      const total = mean(times.map((t) => t.totalMs));
      return {
        claims: [
          {
            claim: 'most of a response is Tcloud, not routing',
            ours: `Tcloud ${cloud.toFixed(1)} ms, T1 ${t1.toFixed(1)} ms, T2 ${t2.toFixed(1)} ms, queue ${queue.toFixed(1)} ms of ${total.toFixed(1)} ms`,
            holds: cloud > t1 + t2,
          },
          {
            claim: 'routing (T1 + T2) adds about 150 ms',
            ours: `${(t1 + t2).toFixed(1)} ms on one machine, where no network lies between`,
            holds: t1 + t2 <= 150,
          },
        ],
        tables: [
          {
            name: 'figure-3b',
            header: ['task', 'T1Ms', 'T2Ms', 'queueMs', 'TcloudMs', 'totalMs'],
            rows: names.map((name, i) => [name, ...means[i]!, mean(per[i]!.map((t) => t.totalMs))]),
          },
          recorded('figure-3a', 'iot-figure-3', context, {
            header: ['request', 'task', 'T1Ms', 'T2Ms', 'queueMs', 'TcloudMs', 'totalMs'],
            rows: times.map((t) => [t.request, t.task, t.t1Ms, t.t2Ms, t.queueMs, t.cloudMs, t.totalMs]),
          }),
        ],
        shown: ['figure-3b'],
        figures: [
          {
            name: 'figure-3a',
            caption: 'T1, T2 and Tcloud of every request, in order',
            svg: lineChart({
              title: 'Hops of each request',
              xLabel: 'request',
              yLabel: 'milliseconds',
              series: parts.map((part) => ({
                name: part.name,
                points: times.map((t) => ({ x: t.request, y: part.of(t) })),
              })),
            }),
          },
          {
            name: 'figure-3b',
            caption: 'Mean T1, T2, queue and Tcloud by task',
            svg: barChart({
              title: 'Hops by task',
              yLabel: 'milliseconds',
              categories: names,
              series: parts.map((part, i) => ({ name: part.name, values: means.map((row) => row[i]!) })),
            }),
          },
        ],
        notes: [
          `${times.length} requests, one after the other, through the front-end as in the paper (our direct route has no T1 with a ticket at hand), on two surrogates of a quarter of a core.`,
          "T2 is stamped by the front-end, queue and Tcloud by the surrogate; T1 is the device's own time less those.",
        ],
      };
    },
  };
}
