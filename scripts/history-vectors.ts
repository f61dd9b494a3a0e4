/** Sequences of calls, and what was decided after each of them: the estimators and the cost model behind the decision. */
import { CostModel } from '../sdk/typescript/src/cost-model.ts';
import type { Decision } from '../sdk/typescript/src/decide.ts';
import { type HistoryHost, MethodHistory } from '../sdk/typescript/src/method-history.ts';
import type { RemoteSuccess } from '../sdk/typescript/src/remote.ts';
import { Surrogates } from '../sdk/typescript/src/surrogates.ts';
import type { Ticket } from '../sdk/typescript/src/tickets.ts';
import { generator } from './lcg.ts';

/** What the client knows besides the history; `ticketMs`: the prediction of the ticket at hand, null: there is none. */
interface Around {
  network: string;
  ticketMs: number | null;
  placementMs: number | null;
  regionRttMs: number | null;
}

interface Base extends Around {
  method: number;
  size: string;
  nowMs: number;
}

type Step = Base &
  (
    | {
        do: 'decide';
        deadlineMs: number | null;
        expected: Decision;
        unmeasured: { local: boolean; remote: boolean };
      }
    | { do: 'local'; ms: number }
    | {
        do: 'remote';
        target: string;
        t2Ms: number;
        bytes: number;
        receivedBytes: number;
        predictedMs: number | null;
        timings: { totalMs: number; cloudMs: number; cpuMs: number };
      }
    | { do: 'gaveUp'; elapsedMs: number }
    | { do: 'awaits' | 'heard' }
    | { do: 'ended'; where: 'local' | 'remote' }
  );

interface Options {
  idempotent: boolean;
  localRunsAside: boolean;
  localEstimateMs: number | null;
  localParallelism: number;
  explore: boolean;
}

export interface HistoryVector {
  name: string;
  energyWeight: number;
  /** Of the two methods, which share the device. */
  options: Options;
  steps: Step[];
}

export interface HistoryVectors {
  source: string;
  cases: HistoryVector[];
}

const candidate = 'vm-1';

class Client {
  around: Around = { network: '', ticketMs: null, placementMs: null, regionRttMs: null };
  readonly methods: MethodHistory[];

  constructor({ localEstimateMs, ...options }: Options, energyWeight: number) {
    const ticket = () =>
      this.around.ticketMs === null
        ? null
        : ({ placed: { predictedMs: this.around.ticketMs, candidates: [{ vmId: candidate }] } } as unknown as Ticket);
    const host: HistoryHost = {
      tickets: { peek: ticket, placementMs: () => this.around.placementMs },
      surrogates: new Surrogates(),
      costs: new CostModel(),
      energyWeight,
      power: { computeW: 0.9, transferW: 1.3, idleW: 0.3 },
      route: 'direct',
      regionRttMs: () => this.around.regionRttMs,
      network: () => this.around.network,
    };
    const all = { ...options, ...(localEstimateMs === null ? {} : { localEstimateMs }) };
    this.methods = [0, 1].map((i) => new MethodHistory(host, { appId: `app-${i}` }, all));
  }
}

export function historyVectors(): HistoryVectors {
  const random = generator(1_962);
  const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!;
  const ms = (most: number) => Math.round(random() * random() * most * 1000) / 1000;
  const cases = Array.from({ length: 40 }, (_, i): HistoryVector => {
    const energyWeight = pick(0, 0, 0, 0.4);
    const options: Options = {
      idempotent: pick(true, true, false),
      localRunsAside: pick(true, true, false),
      localEstimateMs: pick(null, null, null, 40),
      localParallelism: pick(1, 4),
      explore: pick(true, true, true, false),
    };
    const client = new Client(options, energyWeight);
    // A device and surrogates that are somewhat like themselves, so that what is learned counts.
    const slowdown = 0.5 + 6 * random();
    const cpuOf: Record<string, number> = { small: 2, middle: 15, large: 60, '': 20 };
    const sizes = pick(['small', 'middle', 'large'], ['small', 'large'], ['']);
    const steps: Step[] = [];
    let nowMs = 1_000;
    let awaited: { method: number; size: string } | null = null;
    for (let n = 0; n < 12; n++) {
      const size = pick(...sizes);
      const cpuMs = cpuOf[size]! * (0.7 + 0.6 * random());
      const base: Base = {
        method: pick(0, 0, 1),
        size,
        nowMs,
        network: pick('', 'wifi', 'wifi', 'cellular'),
        ticketMs: pick(null, 30, ms(200)),
        placementMs: pick(null, ms(60)),
        regionRttMs: pick(null, ms(80)),
      };
      const method = client.methods[base.method]!;
      client.around = base;
      const deadlineMs = pick(null, null, null, 20 + ms(400));
      const expected = method.decide(nowMs, deadlineMs, size);
      steps.push({ ...base, do: 'decide', deadlineMs, expected, unmeasured: method.unmeasured(size) });
      const event = pick('local', 'remote', 'remote', 'both', 'gaveUp');
      nowMs += pick(50, 5_000, 130_000);
      if (event === 'local' || event === 'both' || event === 'gaveUp') {
        const took = slowdown * cpuMs * (0.8 + 0.4 * random());
        method.ranLocally(took, nowMs, size);
        steps.push({ ...base, nowMs, do: 'local', ms: took });
      }
      if (event === 'remote' || event === 'both') {
        const cloudMs = cpuMs * (1 + random());
        const timings = { totalMs: cloudMs + ms(40), cloudMs, cpuMs };
        const bytes = pick(1_500, 1_500, 60_000);
        const run = {
          target: pick(candidate, 'vm-2'),
          t2Ms: 10 + ms(60) + bytes / 1_000,
          bytes,
          receivedBytes: Math.floor(bytes * random()),
          predictedMs: pick(null, ms(100)),
          timings,
        };
        method.ranRemotely(success(run), nowMs, size);
        method.settle();
        steps.push({ ...base, nowMs, do: 'remote', ...run });
      }
      if (event === 'gaveUp') {
        const elapsedMs = ms(600);
        method.gaveUpRemotely(elapsedMs, nowMs, size);
        steps.push({ ...base, nowMs, do: 'gaveUp', elapsedMs });
      }
      if (awaited !== null && pick(true, false)) {
        client.methods[awaited.method]!.heard(awaited.size);
        steps.push({ ...base, ...awaited, nowMs, do: 'heard' });
        awaited = null;
      } else if (awaited === null && pick(true, false, false)) {
        awaited = { method: base.method, size };
        method.awaits(size);
        steps.push({ ...base, nowMs, do: 'awaits' });
      }
      const where = pick('local' as const, 'remote' as const);
      method.ended(where, size);
      steps.push({ ...base, nowMs, do: 'ended', where });
    }
    return { name: `device ${i}`, energyWeight, options, steps };
  });
  return { source: 'sdk/typescript/src/method-history.ts, cost-model.ts, estimators.ts', cases };
}

function success(run: Omit<Extract<Step, { do: 'remote' }>, keyof Base | 'do'>): RemoteSuccess {
  const { timings, target, ...rest } = run;
  return {
    kind: 'ok',
    response: {
      requestId: '',
      taskId: '',
      vmId: target,
      result: { type: 'application/json', json: null },
      timings: { queueMs: 0, handoffMs: 0, prepCpuMs: 0, ...timings },
      hops: [],
    },
    region: '',
    t1Ms: 0,
    linkTarget: target,
    ...rest,
  };
}
