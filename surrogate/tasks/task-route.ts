import type { IncomingMessage, ServerResponse } from 'node:http';
import { defaultThreshold, handOffAt } from '../../lib/domain/dispatch/hand-off.ts';
import { countResponse, type ResponseBuckets } from '../../lib/domain/scaling/response-buckets.ts';
import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import type { Problem } from '../../lib/ports/contracts/problem.ts';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import type { CpuAccounting } from '../accounting.ts';
import type { Admission, Place } from '../admission.ts';
import type { BundleCache, InstalledApp } from '../bundles.ts';
import { readJsonBody } from '../http/body.ts';
import { ProblemError, problem, quote } from '../http/problems.ts';
import { sendJson, sendProblem } from '../http/reply.ts';
import type { Strangers } from '../http/strangers.ts';
import type { Dismantler } from '../isolation/dismantler.ts';
import type { SandboxPool } from '../isolation/pool.ts';
import type { Sandbox } from '../isolation/sandbox.ts';
import { bearer, openClaims } from '../tickets/bearer.ts';
import { ClaimsByBucket } from '../tickets/claims-by-bucket.ts';
import { SeenIds } from '../tickets/seen.ts';
import { requestIdEndMs } from '../tickets/single-use.ts';
import type { TicketVerifier, Verdict } from '../tickets/verifier.ts';
import { awaitApp } from './await-app.ts';
import { hopsOf, nextVms } from './candidates.ts';
import { ClientPresence } from './client-presence.ts';
import { type Executed, execute } from './execute.ts';
import { Handoff } from './handoff.ts';
import type { NextVm, PinnedPeers } from './pinned-peers.ts';
import { checkMethod, parseTaskBody, type TaskBody } from './task-body.ts';
import { draining, refusalOf, saturated, toProblem } from './task-problems.ts';
import type { TaskTable } from './task-table.ts';

interface Dependencies {
  config: AgentConfig;
  verifier: TicketVerifier;
  peers: PinnedPeers;
  admission: Admission;
  bundles: BundleCache;
  pool: SandboxPool;
  dismantler: Dismantler;
  tasks: TaskTable;
  strangers: Strangers;
  accounting: CpuAccounting;
  taskCpuMs: WeakMap<Sandbox, number>;
  nowMs: () => number;
}

/**
 * `POST /v1/tasks`: ticket ──► place ──► body ──► once only ──► here, or handed on ──► answer.
 *
 * Everything up to the body is decided from the request's headers. The place is taken before the body is read and is given back whatever
 * happens. A request id that was accepted is never accepted again, unless it was refused before anything ran.
 */
export class TaskRoute {
  draining = false;
  /** Requests being served here or relayed to another VM, until their answer is out. */
  open = 0;
  /** Called when one of them is out. */
  onAnswered: () => void = () => {};
  refused = 0;
  completed = 0;
  /** Σ over completed tasks of arrival to end, ms. */
  responseSumMs = 0;
  readonly responseBuckets: ResponseBuckets = {};
  handedOff = 0;
  readonly #deps: Dependencies;
  readonly #accepted = new SeenIds();
  readonly #handoff: Handoff;
  readonly #claims: ClaimsByBucket;
  #meanCloudMs = 100;

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.#handoff = new Handoff(deps.peers);
    this.#claims = new ClaimsByBucket(deps.config.vmId);
  }

  /** Exact tickets claimed per live reservation bucket. */
  claimedByBucket(): Record<string, number> {
    return this.#claims.live(this.#deps.nowMs());
  }

  /** `POST /v1/tickets/claims`: an alternate asks for a single-use ticket. */
  handOver(request: IncomingMessage, response: ServerResponse): void {
    const { strangers, verifier } = this.#deps;
    const checked = strangers.checking(request.socket);
    void verifier.handOver(bearer(request) ?? '').then((verdict) => {
      checked();
      if (verdict.ok) {
        strangers.prove(request.socket);
        sendJson(response, 200, JSON.stringify({ state: 'yours' }));
      } else sendProblem(request, response, refusalOf(verdict));
    });
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const arrivedMs = performance.now();
    const ticket = bearer(request);
    if (ticket === null) {
      if (this.#deps.config.open) {
        this.#deps.strangers.prove(request.socket);
        this.#serve(request, response, arrivedMs, openClaims(request), '');
      } else
        sendProblem(request, response, problem('unauthenticated', 'no ticket: send `Authorization: Bearer TICKET`'));
      return;
    }
    const verdict = this.#deps.verifier.check(ticket);
    if (verdict instanceof Promise) {
      const checked = this.#deps.strangers.checking(request.socket);
      void verdict.then((v) => {
        checked();
        this.#afterTicket(request, response, arrivedMs, v, ticket);
      });
    } else {
      this.#afterTicket(request, response, arrivedMs, verdict, ticket);
    }
  }

  #afterTicket(
    request: IncomingMessage,
    response: ServerResponse,
    arrivedMs: number,
    verdict: Verdict,
    ticket: string,
  ): void {
    if (verdict.ok) {
      this.#deps.strangers.prove(request.socket);
      this.#serve(request, response, arrivedMs, verdict.claims, ticket);
      return;
    }
    sendProblem(request, response, refusalOf(verdict));
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    arrivedMs: number,
    claims: TicketClaims,
    ticket: string,
  ): void {
    this.#claims.count(claims);
    if (this.draining) {
      // Not relayed either: this VM is about to end, and a client that knows takes the ticket's next candidate itself.
      this.#refuse(claims);
      response.setHeader('connection', 'close');
      sendProblem(request, response, draining(this.#deps.config.vmId));
      return;
    }
    const hops = hopsOf(request, claims);
    const next = nextVms(claims, hops, this.#deps.config.vmId);
    const place = this.#deps.admission.take();
    if (place === null && next.length === 0) {
      this.#refuse(claims);
      sendProblem(request, response, this.#saturated());
      return;
    }
    this.open += 1;
    const client = new ClientPresence();
    response.on('close', () => {
      if (!response.writableFinished) client.leave();
      this.open -= 1;
      this.onAnswered();
    });
    this.#run(request, { arrivedMs, claims, ticket, hops, next, place, client })
      .then(({ body, requestId }) => {
        if (body.length > 65_536) response.setTimeout(30_000, () => response.destroy());
        sendJson(response, 200, body, requestId);
      })
      .catch((error: unknown) => {
        place?.release();
        sendProblem(request, response, toProblem(error));
      });
  }

  async #run(
    request: IncomingMessage,
    call: {
      arrivedMs: number;
      claims: TicketClaims;
      ticket: string;
      hops: string[];
      next: NextVm[];
      place: Place | null;
      client: ClientPresence;
    },
  ): Promise<{ body: string; requestId: string }> {
    const { config, admission } = this.#deps;
    const { claims, arrivedMs } = call;
    const body = await readJsonBody(request, config.maxBodyBytes);
    const task = parseTaskBody(body);
    const remainingMs = task.deadlineMs - (performance.now() - arrivedMs);
    if (remainingMs <= 0) throw new ProblemError('deadline-exceeded', `the deadline of ${task.deadlineMs} ms passed`);
    const dedupeId = `${claims.sub} ${task.requestId}`;
    const now = this.#deps.nowMs();
    if (!this.#accepted.add(dedupeId, requestIdEndMs(claims, now), now)) {
      throw new ProblemError(
        'replayed-ticket',
        `the request id ${quote(task.requestId)} was accepted before and runs at most once: use a new id`,
      );
    }
    let place = call.place;
    const threshold = handOffAt(claims.threshold ?? defaultThreshold, usableCores(config));
    const others = admission.occupancy - (place === null ? 0 : 1);
    if (call.next.length > 0 && (place === null || others >= threshold)) {
      place?.release();
      place = null;
      const hops = [...call.hops, config.vmId];
      const answered = await this.#handoff.along(call.next, { ...call, hops, body, timeoutMs: remainingMs });
      if (answered !== null) {
        this.handedOff += 1;
        return { body: answered, requestId: task.requestId };
      }
      place = this.draining ? null : admission.take();
    }
    if (place === null) {
      this.#accepted.delete(dedupeId);
      this.#refuse(claims);
      const refusal = this.draining ? draining(this.#deps.config.vmId) : this.#saturated();
      throw new ProblemError(this.draining ? 'draining' : 'saturated', refusal.detail, refusal);
    }
    let app: InstalledApp;
    try {
      const cached = this.#deps.bundles.get(claims.app.digest);
      app = cached instanceof Promise ? await awaitApp(cached, { ...call, deadlineMs: task.deadlineMs }) : cached;
      checkMethod(app.manifest, task.method);
    } catch (error) {
      // Nothing ran: the id may come again, with a ticket for the app's next version for one.
      this.#accepted.delete(dedupeId);
      place.release();
      throw error;
    }
    try {
      return { body: await this.#here(call, app, task, body, place), requestId: task.requestId };
    } catch (error) {
      place.release();
      throw error;
    }
  }

  async #here(
    call: { arrivedMs: number; claims: TicketClaims; hops: string[]; client: ClientPresence },
    app: InstalledApp,
    task: TaskBody,
    body: Buffer,
    place: Place,
  ): Promise<string> {
    const { pool, dismantler, tasks, accounting, taskCpuMs, config } = this.#deps;
    const done: Executed = await execute(
      { pool, dismantler, tasks, accounting, taskCpuMs },
      {
        requestId: task.requestId,
        app,
        method: task.method,
        body,
        place,
        arrivedMs: call.arrivedMs,
        deadlineMs: task.deadlineMs,
        client: call.client,
      },
    );
    this.completed += 1;
    this.responseSumMs += done.timings.totalMs;
    countResponse(this.responseBuckets, done.timings.totalMs);
    this.#meanCloudMs = 0.9 * this.#meanCloudMs + 0.1 * done.timings.cloudMs;
    return JSON.stringify({
      requestId: task.requestId,
      taskId: done.taskId,
      vmId: config.vmId,
      hops: call.hops,
      result: done.result,
      state: done.state,
      timings: done.timings,
      ...(app.manifest.runtime === 'node' ? {} : { engine: app.engine }),
    });
  }

  /** Nothing ran: a single-use ticket's alternates may have it. */
  #refuse(claims: TicketClaims): void {
    this.refused += 1;
    this.#deps.verifier.refused(claims);
  }

  #saturated(): Problem {
    const { config, admission } = this.#deps;
    const { vmId, sharingLimit, queueLimit } = config;
    const waitMs = (this.#meanCloudMs * (admission.waiting + 1)) / sharingLimit;
    return saturated(vmId, sharingLimit + queueLimit, Math.round(Math.min(10_000, Math.max(100, waitMs))));
  }
}

const usableCores = ({ cores, sharingLimit }: Pick<AgentConfig, 'cores' | 'sharingLimit'>): number =>
  Math.max(1, Math.min(Math.floor(cores), sharingLimit));
