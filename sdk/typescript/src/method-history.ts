/** What was measured of one method: on the device, on surrogates, on the link between. */
import type { OffloadOptions, PowerProfile } from './api.ts';
import { type Decision, decide } from './decide.ts';
import { DurationEstimator, ewmaWeight } from './estimators.ts';
import type { RemoteSuccess } from './remote.ts';
import type { Surrogates } from './surrogates.ts';
import type { TicketSpec, Tickets } from './tickets.ts';

/** What a decision reads of the instance. */
export interface HistoryHost {
  readonly tickets: Pick<Tickets, 'peek' | 'placementMs'>;
  readonly surrogates: Pick<Surrogates, 'link'>;
  readonly energyWeight: number;
  readonly power: PowerProfile;
  readonly route: 'direct' | 'proxy';
  /** Round trip to the region in use; null: not measured. */
  regionRttMs(): number | null;
}

export class MethodHistory {
  /** Where the last call ran; null: none has ended. */
  last: 'local' | 'remote' | null = null;
  /** Local runs in progress. */
  localRunning = 0;
  /** Nobody asks the remote side again before this (monotonic). */
  heldUntilMs = 0;
  readonly #host: HistoryHost;
  readonly #spec: TicketSpec;
  readonly #options: OffloadOptions;
  readonly #localTime = new DurationEstimator();
  readonly #serverTime = new DurationEstimator();
  readonly #runTime = new DurationEstimator();
  #cpuMs: number | null = null;
  #predictedMs: number | null = null;
  #link: string | null = null;
  #upBytes = 0;
  #downBytes = 0;
  #sinceExplore = 0;

  constructor(host: HistoryHost, spec: TicketSpec, options: OffloadOptions) {
    this.#host = host;
    this.#spec = spec;
    this.#options = options;
  }

  /** Recent mean time of a local run, or the caller's estimate; null: neither. */
  get localMs(): number | null {
    return this.#localTime.meanMs ?? this.#options.localEstimateMs ?? null;
  }

  /** The same, pessimistic where enough was measured. */
  get localWorstMs(): number | null {
    return this.#localTime.p95Ms ?? this.localMs;
  }

  /** Recent mean time of a run on a surrogate. */
  get runMs(): number {
    return this.#runTime.meanMs ?? 1;
  }

  ranLocally(durationMs: number, nowMs: number): void {
    this.#localTime.add(durationMs, nowMs);
  }

  ranRemotely(outcome: RemoteSuccess, nowMs: number): void {
    const { cloudMs, totalMs, cpuMs } = outcome.response.timings;
    this.#serverTime.add(totalMs, nowMs);
    this.#runTime.add(cloudMs, nowMs);
    this.#cpuMs = this.#cpuMs === null ? cpuMs : this.#cpuMs + ewmaWeight * (cpuMs - this.#cpuMs);
    this.#predictedMs = outcome.predictedMs ?? this.#predictedMs;
    this.#link = outcome.linkTarget;
    this.#host.surrogates.link(outcome.linkTarget).add(outcome.t2Ms, outcome.bytes, nowMs);
    this.#upBytes += ewmaWeight * (outcome.bytes - outcome.receivedBytes - this.#upBytes);
    this.#downBytes += ewmaWeight * (outcome.receivedBytes - this.#downBytes);
  }

  /** Decides a call that may run on either side. @param deadlineMs time left; null: no deadline */
  decide(nowMs: number, deadlineMs: number | null): Decision {
    const { tickets, surrogates, power, energyWeight, route } = this.#host;
    const options = this.#options;
    const local = this.#localTime;
    const ticket = tickets.peek(this.#spec);
    const linkTarget = this.#link ?? ticket?.placed.candidates[0]?.vmId;
    const link = linkTarget === undefined ? null : surrogates.link(linkTarget);
    const held = route === 'proxy' || ticket !== null;
    const decision = decide({
      local: {
        meanMs: this.localMs,
        p95Ms: deadlineMs === null ? null : local.p95Ms,
        samples: local.samples,
        ageMs: local.ageMs(nowMs),
        running: this.localRunning,
        parallelism: options.localParallelism ?? 1,
        guessMs: this.#cpuMs,
      },
      remote: {
        available: nowMs >= this.heldUntilMs,
        predictedMs: ticket?.placed.predictedMs ?? this.#predictedMs,
        serverMs: this.#serverTime.meanMs,
        serverP95Ms: deadlineMs === null ? null : this.#serverTime.p95Ms,
        samples: this.#serverTime.samples,
        ageMs: this.#serverTime.ageMs(nowMs),
        placementMs: held ? 0 : (tickets.placementMs(this.#spec) ?? this.#host.regionRttMs() ?? 0),
        rttMs: link?.rttMs ?? this.#host.regionRttMs() ?? 0,
        bytesPerMs: link?.bytesPerMs ?? null,
        upBytes: this.#upBytes,
        downBytes: this.#downBytes,
      },
      energyWeight,
      power,
      deadlineMs,
      last: this.last,
      explore: options.explore ?? true,
      sinceExplore: this.#sinceExplore,
    });
    const exploring = decision.code === 'explore-local' || decision.code === 'explore-remote';
    this.#sinceExplore = exploring ? 0 : this.#sinceExplore + 1;
    return decision;
  }
}
