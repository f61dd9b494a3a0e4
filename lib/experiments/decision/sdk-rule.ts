/** The SDK's own decision code, one client per device, fed by the recorded outcomes and the recorded clock. */
import { CostModel } from '../../../sdk/typescript/src/cost-model.ts';
import { type HistoryHost, MethodHistory } from '../../../sdk/typescript/src/method-history.ts';
import { Surrogates } from '../../../sdk/typescript/src/surrogates.ts';
import type { Ticket } from '../../../sdk/typescript/src/tickets.ts';
import type { DecisionRecord } from './record.ts';
import type { Rule } from './rules.ts';

interface Client {
  host: HistoryHost;
  /** Measured placements and the region's round trip, as the client would know them. */
  placementMs: number | null;
  rttMs: Map<string, number>;
  network: string;
  ticket: Ticket | null;
  methods: Map<string, MethodHistory>;
}

const vmId = 'surrogate';

/** @param hints whether the app tells its calls' sizes (`sizeOf`) and the platform the network in use */
export function sdkRule(hints: boolean): Rule {
  const sizeOf = (task: DecisionRecord): string => (hints ? task.size : '');
  const clients = new Map<number, Client>();
  const methodOf = (client: Client, task: DecisionRecord): MethodHistory => {
    const key = `${task.appId} ${task.method}`;
    let history = client.methods.get(key);
    if (history === undefined) {
      history = new MethodHistory(client.host, { appId: task.appId }, {});
      client.methods.set(key, history);
    }
    return history;
  };
  return {
    decide(task) {
      let client = clients.get(task.device);
      if (client === undefined) {
        client = newClient();
        clients.set(task.device, client);
      }
      // The SDK probes the region when it starts and when the network changes, before the first task there.
      client.network = hints ? task.link : '';
      if (!client.rttMs.has(client.network)) client.rttMs.set(client.network, task.rttMs);
      client.ticket = task.placementMs === 0 ? ticketOf(task) : null;
      return methodOf(client, task).decide(task.atMs, null, sizeOf(task)).where;
    },
    observe(task, where, ms) {
      const client = clients.get(task.device)!;
      const history = methodOf(client, task);
      const endMs = task.atMs + ms;
      if (where === 'local') history.ranLocally(ms, endMs, sizeOf(task));
      else {
        const { serverMs, cpuMs } = task;
        const timings = {
          queueMs: serverMs - cpuMs,
          cloudMs: cpuMs,
          handoffMs: 0,
          totalMs: serverMs,
          cpuMs,
          prepCpuMs: 0,
        };
        const response = {
          requestId: '',
          taskId: '',
          vmId,
          result: { type: 'application/json' as const, json: null },
          timings,
          hops: [],
        };
        const bytes = task.upBytes + task.downBytes;
        history.ranRemotely(
          {
            kind: 'ok',
            response,
            region: '',
            t1Ms: task.placementMs,
            t2Ms: task.rttMs + task.transferMs,
            bytes,
            receivedBytes: task.downBytes,
            linkTarget: vmId,
            predictedMs: task.predictedMs,
          },
          endMs,
          sizeOf(task),
        );
        if (task.placementMs > 0) client.placementMs = task.placementMs;
      }
      history.ended(where, sizeOf(task));
    },
  };
}

function newClient(): Client {
  const client: Client = {
    placementMs: null,
    rttMs: new Map(),
    network: '',
    ticket: null,
    methods: new Map(),
    host: {
      tickets: { peek: () => client.ticket, placementMs: () => client.placementMs },
      surrogates: new Surrogates(),
      costs: new CostModel(),
      energyWeight: 0,
      power: { computeW: 0.9, transferW: 1.3, idleW: 0.3 },
      route: 'direct',
      regionRttMs: () => client.rttMs.get(client.network) ?? null,
      network: () => client.network,
    },
  };
  return client;
}

function ticketOf(task: DecisionRecord): Ticket {
  const candidate = { vmId, url: '', certPem: '', networkMs: 0 };
  return {
    placed: {
      decision: 'remote',
      mode: 'session',
      ticket: '',
      expiresInMs: 300_000,
      candidates: [candidate],
      predictedMs: task.predictedMs,
      groupRoute: '',
    },
    region: { region: '', url: '' },
    endsAtMs: Number.POSITIVE_INFINITY,
    issuedAtMs: 0,
    uses: 1,
  } as Ticket;
}
