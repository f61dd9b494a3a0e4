import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reservationBucketMs, type TicketClaims } from '../../../lib/ports/contracts/ticket.ts';
import type { StateStore } from '../../../lib/ports/state-store.ts';
import { Admission } from '../../../surrogate/admission.ts';
import { HeartbeatReporter } from '../../../surrogate/heartbeat.ts';
import { sampleHeartbeat, sampleVm } from '../../support/samples.ts';

export interface FleetVm {
  vmId: string;
  sharingLimit: number;
  queueLimit: number;
}

/**
 * A client that comes later than this after its ticket was issued (to half a second) finds its place given to another, as it would be on a
 * reservation that has run out: it is turned away. Less than a reservation's life, which has to hold the report that follows, too.
 */
const latestClaimMs = 700 + reservationBucketMs;

/** VMs with the agents' own admission and reports but nothing to run: a task is a pause. None of them guards its limit. */
export interface Fleet {
  url: string;
  /** Most tasks that a VM ever held at once, and most that ran at once. */
  peaks: Map<string, { held: number; running: number }>;
  tasks: () => number;
  /** Longest time from a change to its stored report, ms. */
  slowestReportMs: () => number;
  /** Clients that came too late and were turned away. */
  late: () => number;
  /** True when no VM holds a task. */
  idle: () => boolean;
  close(): Promise<void>;
}

export async function startFleet(
  state: StateStore,
  poolId: string,
  vms: readonly FleetVm[],
  meanTaskMs: number,
): Promise<Fleet> {
  const peaks: Fleet['peaks'] = new Map();
  const members = new Map<
    string,
    { admission: Admission; reporter: HeartbeatReporter; claimed: Record<string, number> }
  >();
  let tasks = 0;
  let late = 0;
  let slowestReportMs = 0;
  for (const vm of vms) {
    const peak = { held: 0, running: 0 };
    const claimed: Record<string, number> = {};
    let changedAtMs: number | null = null;
    const admission = new Admission({
      sharingLimit: vm.sharingLimit,
      queueLimit: Number.MAX_SAFE_INTEGER,
      onChange: () => {
        peak.held = Math.max(peak.held, admission.occupancy);
        peak.running = Math.max(peak.running, admission.running);
        changedAtMs ??= performance.now();
        reporter.changed();
      },
    });
    const reporter = new HeartbeatReporter({
      store: {
        ...state,
        async putHeartbeat(heartbeat) {
          const sinceMs = changedAtMs;
          changedAtMs = null;
          await state.putHeartbeat(heartbeat);
          if (sinceMs !== null) slowestReportMs = Math.max(slowestReportMs, performance.now() - sinceMs);
        },
      },
      eager: true,
      log: { info() {}, warn() {}, error() {} },
      read: () => {
        const { sequence: _, ...report } = sampleHeartbeat({ vmId: vm.vmId, atMs: Date.now() });
        return {
          ...report,
          running: admission.running,
          waiting: admission.waiting,
          claimedByBucket: Object.fromEntries(Object.entries(claimed).slice(-10)),
        };
      },
    });
    peaks.set(vm.vmId, peak);
    members.set(vm.vmId, { admission, reporter, claimed });
    await state.putVm(sampleVm({ ...vm, poolId }));
    await reporter.start();
  }

  const run = (claims: TicketClaims, done: () => void): void => {
    const { admission, claimed } = members.get(claims.aud[0]!)!;
    if (Date.now() - claims.bucket! * reservationBucketMs >= latestClaimMs) {
      late++;
      done();
      return;
    }
    claimed[claims.bucket!] = (claimed[claims.bucket!] ?? 0) + 1;
    const place = admission.take()!;
    tasks++;
    place.whenRunning(() => {
      setTimeout(
        () => {
          place.release();
          done();
        },
        -Math.log(1 - Math.random()) * meanTaskMs,
      );
    });
  };

  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const claims = JSON.parse(Buffer.from(body.split('.')[1]!, 'base64url').toString()) as TicketClaims;
      run(claims, () => response.end('done'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    peaks,
    tasks: () => tasks,
    slowestReportMs: () => slowestReportMs,
    late: () => late,
    idle: () => [...members.values()].every(({ admission }) => admission.occupancy === 0),
    async close() {
      for (const { reporter } of members.values()) reporter.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
