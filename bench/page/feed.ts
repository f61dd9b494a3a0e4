/** A seeded region of 200 VMs and 2,000 requests per second, as rows: what its agents and its scaler would write. */
import type { RegionConfig } from '../../lib/app/scaler/deps.ts';
import { offerIdOf } from '../../lib/domain/scaling/offer-id.ts';
import { countResponse, type ResponseBuckets } from '../../lib/domain/scaling/response-buckets.ts';
import type { Offer } from '../../lib/ports/compute-provider.ts';
import { groupSchema, slaSchema } from '../../lib/ports/contracts/config.ts';
import type { SlotBody } from '../../lib/ports/contracts/slot-record.ts';
import type { StateStore } from '../../lib/ports/state-store.ts';
import type { Heartbeat, VmRecord } from '../../lib/ports/vm.ts';
import { ExponentialStream, UniformStream } from '../../lib/simulator/engine/rng.ts';

export const feedRegion = 'eu-west-1';
export const stateTable = 'oaas-state-bench';
export const feedSlotMs = 20_000;
export const pageKey = 'oaas-page-bench-0123456789';

const vmCount = 200;
const requestsPerS = 2_000;
const beatEveryMs = 2_000;
const targetMs = 250;
const meanMs = 160;
const pools = ['small.default', 'small.tight', 'large.default', 'large.tight'].map((name) => `${feedRegion}.${name}`);

export const feedOffers: readonly Offer[] = ['c7g.large', 'c7g.xlarge'].map((id, i) => ({
  id: `${id}@${feedRegion}/on-demand`,
  type: { id, cores: 2 * (i + 1), coreSpeed: 1, memoryMiB: 4096 * (i + 1) },
  dataCentre: feedRegion,
  purchaseOption: 'on-demand',
  priceUsdPerHour: 0.0774 * (i + 1),
  networkMs: 0,
  bootS: 31,
}));

const byId = <T extends { id: string }>(rows: T[]) => new Map(rows.map((row) => [row.id, row]));
export const feedConfig: RegionConfig = {
  slas: byId([slaSchema.parse({ id: 'default', targetMs: 2 * targetMs }), slaSchema.parse({ id: 'tight', targetMs })]),
  apps: new Map(),
  groups: byId(
    ['small', 'large'].map((id) =>
      groupSchema.parse({ id, runtimes: ['node'], memoryMiB: 4096, vcpus: 4, maxVms: 200, maxUsdPerHour: 100 }),
    ),
  ),
  groupOf: () => null,
};

interface FedVm {
  record: VmRecord;
  beat: Heartbeat & { responseSumMs: number; responseBuckets: ResponseBuckets };
}

export interface Feed {
  /** Writes what happened since the last call: a heartbeat of every VM, a slot where one begins. */
  step(nowMs: number): Promise<void>;
}

export async function createFeed(state: StateStore, seed: number, startMs: number): Promise<Feed> {
  const random = new UniformStream(seed, 0, 1);
  const times = new ExponentialStream(seed, 0, 2);
  const vms = Array.from({ length: vmCount }, (_, i) => fedVm(i, startMs));
  for (const { record } of vms) await state.putVm(record);
  let lastSlotMs = 0;
  let sequence = 1;

  async function beats(nowMs: number): Promise<void> {
    sequence += 1;
    const each = (requestsPerS * beatEveryMs) / 1000 / vmCount;
    for (const { record, beat } of vms) {
      const completed = Math.round(each * (0.5 + random.next()));
      for (let i = 0; i < completed; i++) {
        const ms = 20 + times.next() * (meanMs - 20);
        beat.responseSumMs += ms;
        countResponse(beat.responseBuckets, ms);
      }
      beat.completed += completed;
      beat.running = random.below(record.sharingLimit + 1);
      beat.waiting = beat.running === record.sharingLimit ? random.below(4) : 0;
      beat.atMs = nowMs;
      beat.sequence = sequence;
    }
    // As many at a time as agents of 200 machines would be on their way.
    for (let i = 0; i < vms.length; i += 20) {
      await Promise.all(vms.slice(i, i + 20).map(({ beat }) => state.putHeartbeat(beat)));
    }
  }

  return {
    async step(nowMs) {
      await beats(nowMs);
      const slotStartMs = Math.floor(nowMs / feedSlotMs) * feedSlotMs;
      if (slotStartMs === lastSlotMs) return;
      lastSlotMs = slotStartMs;
      for (const poolId of pools) {
        const body = slotOf(nowMs, poolId, 0.9 + 0.2 * random.next());
        await state.putSlot({ poolId, slotStartMs, epoch: 1, body });
      }
    },
  };
}

function fedVm(i: number, startMs: number): FedVm {
  const poolId = pools[i % pools.length]!;
  const offer = feedOffers[poolId.includes('large') ? 1 : 0]!;
  const vmId = `vm-${String(i).padStart(4, '0')}`;
  return {
    record: {
      vmId,
      poolId,
      cell: 0,
      type: offer.type,
      dataCentre: offer.dataCentre,
      purchaseOption: offer.purchaseOption,
      priceUsdPerHour: offer.priceUsdPerHour,
      networkMs: 0,
      sharingLimit: 4 * offer.type.cores,
      queueLimit: 16,
      state: 'ready',
      cordoned: false,
      intentId: `i-${i}`,
      launchedAtMs: startMs,
      readyAtMs: startMs,
      drainingSinceMs: null,
      terminatedAtMs: null,
    },
    beat: {
      vmId,
      bootNonce: `nonce-${i}`,
      url: `https://10.0.0.${i}:8443`,
      // As long as a real P-256 certificate.
      certPem: `-----BEGIN CERTIFICATE-----\n${'A'.repeat(700)}\n-----END CERTIFICATE-----\n`,
      certSha256: 'a'.repeat(64),
      atMs: startMs,
      sequence: 1,
      state: 'ready',
      running: 0,
      waiting: 0,
      claimedByBucket: {},
      completed: 0,
      responseSumMs: 0,
      responseBuckets: {},
      refused: 0,
      handedOff: 0,
      demandByApp: { ['d'.repeat(64)]: { runs: 100, cpuS: 5, prepCpuS: 3 } },
      bootMs: 31_000,
      isolation: 'bubblewrap',
    },
  };
}

function slotOf(nowMs: number, poolId: string, factor: number): SlotBody {
  const ratePerS = (requestsPerS / pools.length) * factor;
  const offer = offerIdOf(feedOffers[poolId.includes('large') ? 1 : 0]!);
  const usd = (vmCount / pools.length) * 0.0774;
  return {
    version: 1,
    kind: 'slot',
    atMs: nowMs,
    slotMs: feedSlotMs,
    trigger: null,
    observed: {
      fromMs: nowMs - feedSlotMs,
      toMs: nowMs,
      arrivals: (ratePerS * feedSlotMs) / 1000,
      refused: 0,
      arrivalRatePerS: ratePerS,
      meanResponseMs: meanMs * factor,
      p95ResponseMs: 3 * meanMs * factor,
      demandS: 0.08,
      running: 100,
      waiting: 3,
    },
    forecast: { slotStartMs: nowMs, meanRatePerS: ratePerS, quantile: 0.9, quantileRatePerS: 1.1 * ratePerS },
    plan: {
      planner: 'exact',
      policy: 'session',
      status: 'optimal',
      indicator: 'mean',
      targetMs: poolId.endsWith('tight') ? targetMs : 2 * targetMs,
      fleet: [{ offer, count: vmCount / pools.length }],
      actions: [
        { do: 'keep', offer, count: vmCount / pools.length, why: 'still part of the fleet that keeps the promise' },
      ],
      costUsdPerHour: usd,
      lowerBoundUsd: usd,
      gapPct: 0,
      predictedMs: { mean: meanMs, p95: 3 * meanMs, p99: 5 * meanMs },
      reason: null,
      notes: [],
      fluidUsdPerHour: 0.8 * usd,
      alternatives: [
        {
          id: 'paper',
          fleet: [{ offer, count: 90 }],
          costUsdPerHour: 1.8 * usd,
          predictedMs: { mean: meanMs, p95: 3 * meanMs },
          keeps: true,
          why: "the OaaS paper's algorithm",
        },
      ],
    },
    outcome: { launched: [], draining: [], terminated: [], faults: [] },
  };
}
