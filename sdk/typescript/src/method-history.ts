/** What was measured of one method: on the device, on surrogates, on the link between; calls of different sizes apart. */
import type { OffloadOptions, PowerProfile } from './api.ts';
import type { CostModel } from './cost-model.ts';
import { type Decision, decide, type RemoteView, remoteTimeMs, type SecondRun, serverMeanMs } from './decide.ts';
import { DurationEstimator, ewmaWeight, type LinkEstimator } from './estimators.ts';
import type { RemoteSuccess } from './remote.ts';
import { linkName, type Surrogates } from './surrogates.ts';
import type { TicketSpec, Tickets } from './tickets.ts';

/** What a decision reads of the instance. */
export interface HistoryHost {
  readonly tickets: Pick<Tickets, 'peek' | 'placementMs'>;
  readonly surrogates: Pick<Surrogates, 'link'>;
  readonly costs: CostModel;
  readonly energyWeight: number;
  readonly power: PowerProfile;
  readonly route: 'direct' | 'proxy';
  /** Round trip to the region in use; null: not measured. */
  regionRttMs(): number | null;
  /** Name of the network that the device uses now; '' where it cannot tell. */
  network(): string;
}

/** Sizes of a method that are remembered; beyond that the one not asked for longest is forgotten. */
const mostSizes = 64;

/** Least error, as a share, of a time that was worked out from other sizes: by its CPU time, or with that guessed too. */
const derivedError = 0.5;
const guessError = 1;

/** The measurements of one size. */
class SizeHistory {
  readonly localTime = new DurationEstimator();
  readonly serverTime = new DurationEstimator();
  readonly runTime = new DurationEstimator();
  /** Where the last call ran; null: none has ended. */
  last: 'local' | 'remote' | null = null;
  /** As surrogates reported it. */
  cpuMs: number | null = null;
  upBytes = 0;
  downBytes = 0;
  /** Answers that are still to come although their calls have ended. */
  awaited = 0;
}

/** An outcome not yet entered, with the link as it was then. */
interface Unsettled {
  outcome: RemoteSuccess;
  nowMs: number;
  size: string;
  link: LinkEstimator;
}

export class MethodHistory {
  /** Local runs in progress. */
  localRunning = 0;
  /** Nobody asks the remote side again before this (monotonic). */
  heldUntilMs = 0;
  readonly #host: HistoryHost;
  readonly #spec: TicketSpec;
  readonly #options: OffloadOptions;
  readonly #sizes = new Map<string, SizeHistory>();
  /** Over all sizes. */
  #cpuMs: number | null = null;
  #predictedMs: number | null = null;
  #link: string | null = null;
  #sinceExplore = 0;
  readonly #unsettled: Unsettled[] = [];

  constructor(host: HistoryHost, spec: TicketSpec, options: OffloadOptions) {
    this.#host = host;
    this.#spec = spec;
    this.#options = options;
  }

  /** Expected time of a local run: measured, the caller's estimate, or from its CPU time; null: unknown. */
  localMs(size: string): number | null {
    const known = this.#of(size);
    const told = known.localTime.meanMs ?? this.#options.localEstimateMs ?? null;
    if (told !== null) return told;
    const cpuMs = known.cpuMs ?? this.#cpuMs;
    return cpuMs === null ? null : this.#host.costs.localMs(cpuMs);
  }

  /** The same, pessimistic where enough was measured. */
  localWorstMs(size: string): number | null {
    return this.#of(size).localTime.p95Ms ?? this.localMs(size);
  }

  /** Recent mean time of a run on a surrogate. */
  runMs(size: string): number {
    return this.#of(size).runTime.meanMs ?? 1;
  }

  ranLocally(durationMs: number, nowMs: number, size: string): void {
    const known = this.#of(size);
    const expectedMs = this.#expectedLocalMs(size);
    if (expectedMs !== null) this.#host.costs.predicted('local', expectedMs, durationMs);
    known.localTime.add(durationMs, nowMs);
    this.#host.costs.ranLocally(durationMs, known.cpuMs, nowMs);
  }

  /**
   * A remote run that nobody waited for to its end: it takes longer than this. Counts as a measurement where it was expected
   * to be faster, so that surrogates that went slow are noticed although their answers are not awaited.
   *
   * @param elapsedMs placement not included
   */
  gaveUpRemotely(elapsedMs: number, nowMs: number, size: string): void {
    this.settle();
    const view = this.#remoteView(nowMs, size);
    const expectedMs = remoteTimeMs({ ...view, placementMs: 0 }, serverMeanMs(view));
    if (expectedMs === null || elapsedMs <= expectedMs) return;
    this.#host.costs.predicted('remote', expectedMs, elapsedMs);
    this.#of(size).serverTime.add(elapsedMs - (expectedMs - serverMeanMs(view)!), nowMs);
  }

  /** A call has ended whose remote answer is still to come; until then nothing of that size is tried to learn the same. */
  awaits(size: string): void {
    this.#of(size).awaited += 1;
  }

  /** It has come, or will not. */
  heard(size: string): void {
    this.#of(size).awaited -= 1;
  }

  /** The sides of which no run was measured yet: what loses a race there is let finish, to be measured. */
  unmeasured(size: string): { local: boolean; remote: boolean } {
    const { localTime, serverTime } = this.#of(size);
    return { local: localTime.samples === 0, remote: serverTime.samples === 0 };
  }

  /** Whether the device may start a call that is out at a surrogate. */
  get second(): SecondRun {
    const { idempotent, localRunsAside } = this.#options;
    return idempotent ? (localRunsAside ? 'beside' : 'after') : 'never';
  }

  /** Entered by `settle`, or before the next decision: the caller gets its result first. */
  ranRemotely(outcome: RemoteSuccess, nowMs: number, size: string): void {
    this.#unsettled.push({ outcome, nowMs, size, link: this.#linkTo(outcome.linkTarget) });
  }

  /** Enters what is waiting to be; called when a request is on its way and there is time. */
  settle(): void {
    if (this.#unsettled.length === 0) return;
    for (const run of this.#unsettled.splice(0)) this.#enter(run);
  }

  #enter({ outcome, nowMs, size, link }: Unsettled): void {
    const { timings } = outcome.response;
    const known = this.#of(size);
    const view = this.#remoteView(nowMs, size);
    const expectedMs = remoteTimeMs({ ...view, placementMs: 0 }, serverMeanMs(view));
    if (expectedMs !== null) this.#host.costs.predicted('remote', expectedMs, timings.totalMs + outcome.t2Ms);
    // A size that had only run here tells, with its CPU time, how fast this device is.
    if (known.cpuMs === null && known.localTime.meanMs !== null)
      this.#host.costs.ranLocally(known.localTime.meanMs, timings.cpuMs, nowMs);
    known.serverTime.add(timings.totalMs, nowMs);
    known.runTime.add(timings.cloudMs, nowMs);
    known.cpuMs = smoothed(known.cpuMs, timings.cpuMs);
    known.upBytes += ewmaWeight * (outcome.bytes - outcome.receivedBytes - known.upBytes);
    known.downBytes += ewmaWeight * (outcome.receivedBytes - known.downBytes);
    this.#cpuMs = smoothed(this.#cpuMs, timings.cpuMs);
    this.#host.costs.ranRemotely(timings, nowMs);
    this.#predictedMs = outcome.predictedMs ?? this.#predictedMs;
    this.#link = outcome.linkTarget;
    link.add(outcome.t2Ms, outcome.bytes, nowMs);
  }

  ended(where: 'local' | 'remote', size: string): void {
    this.#of(size).last = where;
  }

  /** Decides a call that may run on either side. @param deadlineMs time left; null: no deadline */
  decide(nowMs: number, deadlineMs: number | null, size: string): Decision {
    this.settle();
    const { costs, power, energyWeight } = this.#host;
    const options = this.#options;
    const { localTime, serverTime, cpuMs, last, awaited } = this.#of(size);
    const remote = this.#remoteView(nowMs, size);
    if (deadlineMs !== null) remote.serverP95Ms = serverTime.p95Ms;
    const decision = decide({
      local: {
        meanMs: this.#expectedLocalMs(size),
        p95Ms: deadlineMs === null ? null : localTime.p95Ms,
        samples: localTime.samples,
        ageMs: younger(localTime.ageMs(nowMs), costs.ages(nowMs).localMs),
        running: this.localRunning,
        parallelism: options.localParallelism ?? 1,
        guessMs: cpuMs ?? this.#cpuMs,
        error:
          localTime.samples > 0
            ? costs.localError
            : Math.max(costs.localError, cpuMs === null ? guessError : derivedError),
      },
      remote,
      energyWeight,
      power,
      deadlineMs,
      last,
      explore: (options.explore ?? true) && awaited === 0,
      sinceExplore: this.#sinceExplore,
      second: this.second,
    });
    const exploring = decision.code === 'explore-local' || decision.code === 'explore-remote';
    this.#sinceExplore = exploring ? 0 : this.#sinceExplore + 1;
    return decision;
  }

  /** CPU time of a call, as near as anything known tells; null: nothing is. */
  #likelyCpuMs(size: string): number | null {
    const { costs } = this.#host;
    const { cpuMs, localTime } = this.#of(size);
    return (
      cpuMs ??
      (localTime.meanMs === null ? null : costs.cpuMs(localTime.meanMs)) ??
      this.#cpuMs ??
      costs.meanCpuMs ??
      this.#regionMs()
    );
  }

  #regionMs(): number | null {
    return this.#host.tickets.peek(this.#spec)?.placed.predictedMs ?? this.#predictedMs;
  }

  #expectedLocalMs(size: string): number | null {
    const known = this.localMs(size);
    if (known !== null) return known;
    const cpuMs = this.#likelyCpuMs(size);
    return cpuMs === null ? null : this.#host.costs.localMs(cpuMs);
  }

  #remoteView(nowMs: number, size: string): RemoteView {
    const { tickets, costs, route } = this.#host;
    const { serverTime, upBytes, downBytes } = this.#of(size);
    const ticket = tickets.peek(this.#spec);
    const linkTarget = this.#link ?? ticket?.placed.candidates[0]?.vmId;
    const link = linkTarget === undefined ? null : this.#linkTo(linkTarget);
    const held = route === 'proxy' || ticket !== null;
    const likelyCpuMs = this.#likelyCpuMs(size);
    return {
      available: nowMs >= this.heldUntilMs,
      // The region predicts for the whole pool; what its surrogates did with calls of this length is nearer.
      predictedMs: (likelyCpuMs === null ? null : costs.serverMs(likelyCpuMs)) ?? this.#regionMs(),
      serverMs: serverTime.meanMs,
      serverP95Ms: null,
      samples: serverTime.samples,
      ageMs: younger(serverTime.ageMs(nowMs), costs.ages(nowMs).remoteMs),
      placementMs: held ? 0 : (tickets.placementMs(this.#spec) ?? this.#host.regionRttMs() ?? 0),
      rttMs: link?.rttMs ?? this.#host.regionRttMs() ?? 0,
      bytesPerMs: link?.bytesPerMs ?? null,
      upBytes,
      downBytes,
      error: serverTime.samples > 0 ? costs.remoteError : Math.max(costs.remoteError, derivedError),
    };
  }

  #of(size: string): SizeHistory {
    let known = this.#sizes.get(size);
    if (known === undefined) {
      if (this.#sizes.size >= mostSizes) this.#sizes.delete(this.#sizes.keys().next().value!);
      known = new SizeHistory();
    } else if (this.#sizes.size > 1) this.#sizes.delete(size);
    else return known;
    this.#sizes.set(size, known);
    return known;
  }

  #linkTo(target: string): LinkEstimator {
    return this.#host.surrogates.link(linkName(this.#host.network(), target));
  }
}

const smoothed = (mean: number | null, value: number): number =>
  mean === null ? value : mean + ewmaWeight * (value - mean);

function younger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
