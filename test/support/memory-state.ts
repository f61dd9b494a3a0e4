import type { ArrivalCount, LaunchIntent, Lease, SlotRecord, StateStore } from '../../lib/ports/state-store.ts';
import type { Heartbeat, Occupancy, VmRecord } from '../../lib/ports/vm.ts';

/** Called before every operation with its name; throws to inject a failure, awaits to yield to another actor. */
export type Hook = (operation: string) => Promise<void> | void;

export interface MemoryState extends StateStore {
  readonly vms: Map<string, VmRecord>;
  readonly heartbeats: Map<string, Heartbeat>;
  readonly arrivals: ArrivalCount[];
  readonly intents: Map<string, LaunchIntent>;
  readonly slots: SlotRecord[];
  readonly documents: Map<string, unknown>;
}

/** A state store in memory with the semantics of the port; shared by several actors, each through its own `view`. */
export function createMemoryState(): MemoryState & { view(hook: Hook): StateStore } {
  const vms = new Map<string, VmRecord>();
  const heartbeats = new Map<string, Heartbeat>();
  const occupancy = new Map<string, Occupancy>();
  const arrivals: ArrivalCount[] = [];
  const intents = new Map<string, LaunchIntent>();
  const slots: SlotRecord[] = [];
  const documents = new Map<string, unknown>();
  const leases = new Map<string, Lease>();
  const epochs = new Map<string, number>();
  /** Rejects writers of an older epoch, per kind of row. */
  const fence = (key: string, epoch: number): 'written' | 'stale' => {
    if (epoch < (epochs.get(key) ?? 0)) return 'stale';
    epochs.set(key, epoch);
    return 'written';
  };
  const copy = <T>(value: T): T => structuredClone(value);

  const store: StateStore = {
    async putVm(vm) {
      vms.set(vm.vmId, copy(vm));
    },
    listVms: async () => [...vms.values()].map(copy),
    listPoolVms: async (poolId) => [...vms.values()].filter((vm) => vm.poolId === poolId).map(copy),
    async removeVm(_poolId, vmId) {
      vms.delete(vmId);
    },
    async putHeartbeat(report) {
      const stored = heartbeats.get(report.vmId);
      if (stored?.bootNonce === report.bootNonce && stored.sequence >= report.sequence) return;
      heartbeats.set(report.vmId, copy(report));
    },
    getHeartbeats: async (ids) =>
      new Map(ids.flatMap((id) => (heartbeats.has(id) ? [[id, copy(heartbeats.get(id)!)] as const] : []))),
    async removeHeartbeat(vmId) {
      heartbeats.delete(vmId);
    },
    listOccupancy: async (poolId, cell) => {
      const rows = [...occupancy].filter(([key]) => key.startsWith(`${poolId}/${cell}/`));
      return new Map(rows.map(([, row]) => [row.vmId, copy(row)]));
    },
    async casOccupancy(poolId, cell, next) {
      const key = `${poolId}/${cell}/${next.vmId}`;
      const current = occupancy.get(key) ?? null;
      if ((current?.version ?? 0) !== next.version - 1) return { ok: false, current };
      occupancy.set(key, copy(next));
      return { ok: true };
    },
    async addArrivals(_shard, counts) {
      arrivals.push(...copy([...counts]));
    },
    async listArrivals(poolId, fromMs, toMs) {
      const byMinute = new Map<number, ArrivalCount>();
      for (const row of arrivals) {
        if (row.poolId !== poolId || row.minuteStartMs < fromMs || row.minuteStartMs >= toMs) continue;
        const sum = byMinute.get(row.minuteStartMs);
        byMinute.set(row.minuteStartMs, sum === undefined ? copy(row) : add(sum, row));
      }
      return [...byMinute.values()];
    },
    activePools: async (fromMs) => [
      ...new Set(arrivals.filter((a) => a.minuteStartMs + 60_000 > fromMs).map((a) => a.poolId)),
    ],
    async acquire(name, owner, ttlMs, nowMs) {
      const held = leases.get(name);
      if (held && held.owner !== owner && held.expiresAtMs > nowMs) return null;
      const epoch = held === undefined ? 1 : held.owner === owner ? held.epoch : held.epoch + 1;
      const lease = { name, owner, epoch, expiresAtMs: nowMs + ttlMs };
      leases.set(name, lease);
      return copy(lease);
    },
    async release(lease) {
      const held = leases.get(lease.name);
      if (held?.epoch === lease.epoch && held.owner === lease.owner) held.expiresAtMs = 0;
    },
    async putIntent(intent) {
      const answer = fence('intents', intent.epoch);
      if (answer === 'written') intents.set(intent.intentId, copy(intent));
      return answer;
    },
    listOpenIntents: async () => [...intents.values()].filter((i) => i.status === 'open').map(copy),
    async putSlot(record) {
      const answer = fence(`slot/${record.poolId}/${record.slotStartMs}`, record.epoch);
      if (answer === 'written') slots.push(copy(record));
      return answer;
    },
    listSlots: async (poolId, fromMs, toMs) =>
      slots.filter((s) => s.poolId === poolId && s.slotStartMs >= fromMs && s.slotStartMs < toMs).map(copy),
    async putDocument(key, body, epoch) {
      const answer = fence(`document/${key}`, epoch);
      if (answer === 'written') documents.set(key, copy(body));
      return answer;
    },
    getDocument: async (key) => copy(documents.get(key) ?? null),
  };

  const view = (hook: Hook): StateStore =>
    new Proxy(store, {
      get(target, property: keyof StateStore) {
        const method = target[property] as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          await hook(String(property));
          return method(...args);
        };
      },
    });
  return { ...store, vms, heartbeats, arrivals, intents, slots, documents, view };
}

const add = (a: ArrivalCount, b: ArrivalCount): ArrivalCount => ({
  ...a,
  count: a.count + b.count,
  refused: a.refused + b.refused,
  responseCount: a.responseCount + b.responseCount,
  responseSumMs: a.responseSumMs + b.responseSumMs,
});
