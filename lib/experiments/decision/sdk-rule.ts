/** The SDK's own decision code, one client per device, fed by the recorded outcomes and the recorded clock. */
import { CostModel } from '../../../sdk/typescript/src/cost-model.ts';
import { type HistoryHost, MethodHistory } from '../../../sdk/typescript/src/method-history.ts';
import type { RemoteSuccess } from '../../../sdk/typescript/src/remote.ts';
import { Surrogates } from '../../../sdk/typescript/src/surrogates.ts';
import type { Ticket } from '../../../sdk/typescript/src/tickets.ts';
import type { Choice, Outcome } from './outcome.ts';
import type { DecisionRecord } from './record.ts';
import type { Rule } from './rules.ts';

export interface SdkRuleOptions {
  /** The app tells its calls' sizes (`sizeOf`), the platform the network in use. */
  hints: boolean;
  /** Its local implementations leave the calling thread free (`localRunsAside`). */
  aside: boolean;
}

interface Client {
  host: HistoryHost;
  /** Measured placements and the region's round trip, as the client would know them. */
  placementMs: number | null;
  rttMs: number | null;
  network: string;
  ticket: Ticket | null;
  methods: Map<string, MethodHistory>;
  /** Losing runs that end later than the call they belong to, by time. */
  unheard: { atMs: number; hear: () => void }[];
}

const vmId = 'surrogate';
/** After a refusal nobody asks again for so long (method.ts). */
const holdOffMs = 1_000;

export function sdkRule({ hints, aside }: SdkRuleOptions): Rule {
  const sizeOf = (task: DecisionRecord): string => (hints ? task.size : '');
  const clients = new Map<number, Client>();
  const methodOf = (client: Client, task: DecisionRecord): MethodHistory => {
    const key = `${task.appId} ${task.method}`;
    let history = client.methods.get(key);
    if (history === undefined) {
      history = new MethodHistory(client.host, { appId: task.appId }, { idempotent: true, localRunsAside: aside });
      client.methods.set(key, history);
    }
    return history;
  };
  return {
    decide(task): Choice {
      let client = clients.get(task.device);
      if (client === undefined) {
        client = newClient();
        clients.set(task.device, client);
      }
      while (client.unheard.length > 0 && client.unheard[0]!.atMs <= task.atMs) client.unheard.shift()!.hear();
      client.network = hints ? task.link : '';
      client.rttMs = task.regionRttMs;
      client.ticket = task.placementMs === 0 && task.predictedMs !== null ? ticketOf(task.predictedMs) : null;
      const history = methodOf(client, task);
      const { where, hedgeMs } = history.decide(task.atMs, null, sizeOf(task));
      return {
        where,
        hedgeMs,
        blocking: !aside,
        ...(hedgeMs === 0 ? { finish: history.unmeasured(sizeOf(task)) } : {}),
      };
    },
    observe(task, choice, outcome) {
      const client = clients.get(task.device)!;
      const history = methodOf(client, task);
      const size = sizeOf(task);
      for (const { endMs, hear } of heard(task, outcome, history, size)) {
        const atMs = task.atMs + endMs;
        if (endMs <= outcome.ms) {
          hear();
          continue;
        }
        // A local run that goes on is known of by its own count in the SDK; it changes no decision here.
        const awaited = outcome.remote?.endMs === endMs;
        if (awaited) history.awaits(size);
        client.unheard.push({
          atMs,
          hear: () => {
            if (awaited) history.heard(size);
            hear();
          },
        });
      }
      client.unheard.sort((a, b) => a.atMs - b.atMs);
      if (task.refusedMs !== null && outcome.remote === null && choice.where === 'remote')
        history.heldUntilMs = task.atMs + task.refusedMs + holdOffMs;
      if (outcome.remote?.whole && task.placementMs > 0) client.placementMs = task.placementMs;
      history.ended(outcome.from, size);
    },
  };
}

function heard(
  task: DecisionRecord,
  { local, remote }: Outcome,
  history: MethodHistory,
  size: string,
): { endMs: number; hear: () => void }[] {
  const all: { endMs: number; hear: () => void }[] = [];
  if (local?.whole) {
    const { ms, endMs } = local;
    all.push({ endMs, hear: () => history.ranLocally(ms, task.atMs + endMs, size) });
  }
  if (remote !== null) {
    const { endMs } = remote;
    const nowMs = task.atMs + endMs;
    if (remote.whole) all.push({ endMs, hear: () => history.ranRemotely(successOf(task), nowMs, size) });
    else all.push({ endMs, hear: () => history.gaveUpRemotely(Math.max(0, endMs - task.placementMs), nowMs, size) });
  }
  return all;
}

function successOf(task: DecisionRecord): RemoteSuccess {
  const { serverMs, cpuMs } = task;
  const timings = { queueMs: serverMs - cpuMs, cloudMs: cpuMs, handoffMs: 0, totalMs: serverMs, cpuMs, prepCpuMs: 0 };
  return {
    kind: 'ok',
    response: {
      requestId: '',
      taskId: '',
      vmId,
      result: { type: 'application/json' as const, json: null },
      timings,
      hops: [],
    },
    region: '',
    t1Ms: task.placementMs,
    t2Ms: task.rttMs + task.transferMs,
    bytes: task.upBytes + task.downBytes,
    receivedBytes: task.downBytes,
    linkTarget: vmId,
    predictedMs: task.predictedMs,
  };
}

function newClient(): Client {
  const client: Client = {
    placementMs: null,
    rttMs: null,
    network: '',
    ticket: null,
    methods: new Map(),
    unheard: [],
    host: {
      tickets: { peek: () => client.ticket, placementMs: () => client.placementMs },
      surrogates: new Surrogates(),
      costs: new CostModel(),
      energyWeight: 0,
      power: { computeW: 0.9, transferW: 1.3, idleW: 0.3 },
      route: 'direct',
      regionRttMs: () => client.rttMs,
      network: () => client.network,
    },
  };
  return client;
}

function ticketOf(predictedMs: number): Ticket {
  const candidate = { vmId, url: '', certPem: '', networkMs: 0 };
  return {
    placed: {
      decision: 'remote',
      mode: 'session',
      ticket: '',
      expiresInMs: 300_000,
      candidates: [candidate],
      predictedMs,
      groupRoute: '',
    },
    region: { region: '', url: '' },
    endsAtMs: Number.POSITIVE_INFINITY,
    issuedAtMs: 0,
    uses: 1,
  } as Ticket;
}
