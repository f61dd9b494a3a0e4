/**
 * Reservations under every interleaving that fast-check finds: several dispatchers over one store whose every operation may be
 * delayed, agents that report late, clients that die between ticket and task.
 *
 * The agents of the first property have no guard of their own: what keeps a VM within N + queue limit is the reservations
 * alone, as long as clients come and reports arrive within a reservation's life. The second lets both come at any time
 * and puts the real agent's admission last, as it is in the product.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArrivals } from '../../lib/app/arrivals.ts';
import { createConfigCache } from '../../lib/app/config-cache.ts';
import { createPlacer, type Place } from '../../lib/app/place.ts';
import { groupSchema, slaSchema } from '../../lib/ports/contracts/config.ts';
import { reservationBucketMs, reservationTtlMs, type TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import { Admission, type Place as VmPlace } from '../../surrogate/admission.ts';
import { createMemoryConfig } from '../support/memory-config.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { sampleHeartbeat, sampleVm } from '../support/samples.ts';
import { sampleApp } from '../support/test-region.ts';

const poolId = 'r1.small.default';

interface Limits {
  sharingLimit: number;
  queueLimit: number;
}

type Step =
  | { do: 'place'; dispatcher: number }
  | { do: 'store'; operations: number }
  | { do: 'claim'; pick: number }
  | { do: 'lose'; pick: number }
  | { do: 'finish'; vm: number; pick: number }
  | { do: 'report'; vm: number }
  | { do: 'wait'; ms: number };

/** How late clients and reports may be; Infinity: at any time. */
interface Lateness {
  claimMs: number;
  reportMs: number;
}

/** An agent: the real admission, or (unguarded) one that takes all comers and only counts. */
class TestAgent {
  readonly vmId: string;
  readonly limits: Limits;
  readonly claimed: Record<string, number> = {};
  readonly admission: Admission;
  readonly tasks: VmPlace[] = [];
  sequence = 1;
  unreportedSinceMs: number | null = null;
  reportedAtMs = 0;
  refused = 0;

  constructor(vmId: string, limits: Limits, guarded: boolean) {
    this.vmId = vmId;
    this.limits = limits;
    this.admission = new Admission({
      sharingLimit: limits.sharingLimit,
      queueLimit: guarded ? limits.queueLimit : Number.MAX_SAFE_INTEGER,
    });
  }

  claim(bucket: number, nowMs: number): void {
    this.claimed[bucket] = (this.claimed[bucket] ?? 0) + 1;
    this.unreportedSinceMs ??= nowMs;
    const place = this.admission.take();
    if (place === null) {
      this.refused++;
      return;
    }
    place.whenRunning(() => {});
    this.tasks.push(place);
  }

  finish(pick: number, nowMs: number): void {
    const running = this.tasks.filter((task) => task.state === 'running');
    if (running.length === 0) return;
    const task = running[pick % running.length]!;
    task.release();
    this.tasks.splice(this.tasks.indexOf(task), 1);
    this.unreportedSinceMs ??= nowMs;
  }
}

async function createWorld(
  scheduler: fc.Scheduler,
  limits: Limits[],
  dispatchers: number,
  guarded: boolean,
  lateness: Lateness,
) {
  let nowMs = 1_000_000_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const memory = createMemoryState();
  const agents = limits.map((limit, i) => new TestAgent(`vm-${i}`, limit, guarded));
  for (const { vmId, limits: limit } of agents) {
    await memory.putVm(sampleVm({ vmId, poolId, ...limit }));
    await memory.putHeartbeat(sampleHeartbeat({ vmId, atMs: nowMs }));
  }
  const configStore = createMemoryConfig();
  const group = { id: 'small', runtimes: ['node'], memoryMiB: 1024, vcpus: 4, dispatch: { mode: 'exact' } };
  await configStore.put('group', 'small', groupSchema.parse(group), { nowMs });
  await configStore.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 1 }), { nowMs });
  await configStore.put('app', 'demo', sampleApp(), { nowMs });
  const log = { info() {}, warn() {}, error() {} };
  const config = createConfigCache({ store: configStore, lastGood: memory, clock, log });
  await config.ready();
  const places: Place[] = Array.from({ length: dispatchers }, (_, d) =>
    createPlacer({
      regionId: 'r1',
      config,
      store: memory.view(async (operation) => {
        await scheduler.schedule(Promise.resolve(), `${d}: ${operation}`);
      }),
      signer: { sign: async (claims) => JSON.stringify(claims), publicKeys: async () => [] },
      clock,
      arrivals: createArrivals(memory, `d${d}`),
      randomId: () => 't',
      random: () => 0.3,
      deadlineMs: 60_000,
    }),
  );

  const pending = new Set<Promise<void>>();
  let tickets: { claims: TicketClaims; issuedAtMs: number }[] = [];
  let clients = 0;
  const counts = { placed: 0, refused: 0 };

  const tooLate = (issuedAtMs: number): boolean => nowMs - issuedAtMs >= lateness.claimMs + reservationBucketMs;
  const report = async (agent: TestAgent): Promise<void> => {
    agent.unreportedSinceMs = null;
    agent.reportedAtMs = nowMs;
    await memory.putHeartbeat(
      sampleHeartbeat({
        vmId: agent.vmId,
        atMs: nowMs,
        sequence: ++agent.sequence,
        running: agent.admission.running,
        waiting: agent.admission.waiting,
        claimedByBucket: { ...agent.claimed },
      }),
    );
  };
  const place = (dispatcher: number): void => {
    // Every client is a principal of its own: the cap per principal is another test's matter.
    const principal = `client-${clients++}`;
    const done = places[dispatcher % dispatchers]!(principal, { appId: 'demo', method: 'run' }).then((outcome) => {
      pending.delete(done);
      if (!outcome.ok || outcome.response.decision === 'local') {
        counts.refused++;
        return;
      }
      counts.placed++;
      const claims = JSON.parse(outcome.response.ticket) as TicketClaims;
      const issuedAtMs = claims.bucket! * reservationBucketMs;
      if (!tooLate(issuedAtMs)) tickets.push({ claims, issuedAtMs });
    });
    pending.add(done);
  };
  const wait = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      nowMs += Math.min(50, left);
      tickets = tickets.filter((ticket) => !tooLate(ticket.issuedAtMs));
      for (const agent of agents) {
        const due = agent.unreportedSinceMs !== null && nowMs - agent.unreportedSinceMs >= lateness.reportMs;
        if (due || nowMs - agent.reportedAtMs >= 2_000) await report(agent);
      }
    }
  };

  const run = async (step: Step): Promise<void> => {
    switch (step.do) {
      case 'place':
        return place(step.dispatcher);
      case 'store':
        for (let i = 0; i < step.operations && scheduler.count() > 0; i++) await scheduler.waitOne();
        return;
      case 'claim': {
        const [ticket] = tickets.splice(step.pick % Math.max(1, tickets.length), 1);
        if (ticket === undefined) return;
        agents.find((agent) => agent.vmId === ticket.claims.aud[0])!.claim(ticket.claims.bucket!, nowMs);
        return;
      }
      case 'lose':
        tickets.splice(step.pick % Math.max(1, tickets.length), 1);
        return;
      case 'finish':
        return agents[step.vm % agents.length]!.finish(step.pick, nowMs);
      case 'report':
        return report(agents[step.vm % agents.length]!);
      case 'wait':
        return wait(step.ms);
    }
  };

  /** Lets every placement under way come to its end. */
  const settle = async (): Promise<void> => {
    while (pending.size > 0) {
      if (scheduler.count() > 0) await scheduler.waitOne();
      else await new Promise((resolve) => setImmediate(resolve));
    }
  };

  return { agents, counts, run, settle, report, wait, place, dropTickets: () => (tickets = []) };
}

const limitsArb = fc.array(
  fc.record({ sharingLimit: fc.integer({ min: 1, max: 3 }), queueLimit: fc.integer({ min: 0, max: 2 }) }),
  { minLength: 1, maxLength: 3 },
);
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('place' as const), dispatcher: fc.nat(3) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('store' as const), operations: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('claim' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), pick: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), vm: fc.nat(2), pick: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('report' as const), vm: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900 }) }) },
);
const scriptArb = fc.array(stepArb, { minLength: 20, maxLength: 120, size: 'max' });

describe('reservations with several dispatchers', () => {
  it('alone keep every VM within N + queue limit while clients and reports come within a reservation’s life', async () => {
    // Bucket, claim, report and the controllers' own copy together stay below the reservation's 2 s.
    const lateness: Lateness = { claimMs: 700, reportMs: 200 };
    let placed = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        limitsArb,
        fc.integer({ min: 2, max: 4 }),
        scriptArb,
        async (s, limits, d, script) => {
          const world = await createWorld(s, limits, d, false, lateness);
          for (const step of script) {
            await world.run(step);
            for (const { admission, limits: limit, vmId } of world.agents) {
              const bound = limit.sharingLimit + limit.queueLimit;
              if (admission.occupancy > bound) throw new Error(`${vmId} holds ${admission.occupancy} of ${bound}`);
            }
          }
          await world.settle();
          placed += world.counts.placed;
          refused += world.counts.refused;
        },
      ),
      { numRuns: 500, seed: 7, endOnFailure: true },
    );
    // The scripts do fill pools and do get through: neither bound is met by refusing everybody.
    expect(placed).toBeGreaterThan(1_500);
    expect(refused).toBeGreaterThan(1_500);
  });

  it('with agents as last guard: running <= N, admitted <= N + queue limit, no place leaks', async () => {
    const lateness: Lateness = { claimMs: Number.POSITIVE_INFINITY, reportMs: Number.POSITIVE_INFINITY };
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        limitsArb,
        fc.integer({ min: 2, max: 4 }),
        scriptArb,
        async (s, limits, d, script) => {
          const world = await createWorld(s, limits, d, true, lateness);
          for (const step of script) {
            await world.run(step);
            for (const { admission, limits: limit } of world.agents) {
              expect(admission.running).toBeLessThanOrEqual(limit.sharingLimit);
              expect(admission.occupancy).toBeLessThanOrEqual(limit.sharingLimit + limit.queueLimit);
            }
          }
          await world.settle();
          // Every client is gone, every task ends: two seconds later each place can be had again, and no more than that.
          world.dropTickets();
          for (const agent of world.agents) {
            while (agent.admission.running > 0) agent.finish(0, 0);
            await world.report(agent);
          }
          await world.wait(reservationTtlMs);
          for (const agent of world.agents) await world.report(agent);
          const places = limits.reduce((sum, limit) => sum + limit.sharingLimit + limit.queueLimit, 0);
          const before = world.counts.placed;
          for (let i = 0; i < places + 3; i++) {
            world.place(i);
            await world.settle();
          }
          expect(world.counts.placed - before).toBe(places);
        },
      ),
      { numRuns: 500, seed: 8, endOnFailure: true },
    );
  });
});
