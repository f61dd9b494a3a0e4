import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { countResponse, type ResponseBuckets } from '../../lib/domain/scaling/response-buckets.ts';
import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import type { Problem } from '../../lib/ports/contracts/problem.ts';
import { reservationBucketMs, reservationTtlMs, type TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import { headers, taskRequestSchema } from '../../lib/ports/contracts/wire.ts';
import type { CpuAccounting } from '../accounting.ts';
import type { Admission, Place } from '../admission.ts';
import type { BundleCache } from '../bundles.ts';
import { readBody, tooLarge } from '../http/body.ts';
import { ProblemError, problem, quote } from '../http/problems.ts';
import { sendJson, sendProblem } from '../http/reply.ts';
import type { SandboxPool } from '../isolation/pool.ts';
import type { Sandbox } from '../isolation/sandbox.ts';
import { SeenIds } from '../tickets/seen.ts';
import type { TicketVerifier, Verdict } from '../tickets/verifier.ts';
import { type Executed, execute } from './execute.ts';
import { Handoff, type NextVm } from './handoff.ts';
import type { TaskTable } from './task-table.ts';

interface Dependencies {
  config: AgentConfig;
  verifier: TicketVerifier;
  admission: Admission;
  bundles: BundleCache;
  pool: SandboxPool;
  tasks: TaskTable;
  accounting: CpuAccounting;
  taskCpuMs: WeakMap<Sandbox, number>;
  nowMs: () => number;
}

/** A request id is remembered at least this long after it was accepted. */
const dedupeMs = 600_000;
/** Header of the bench's open mode: the digest of the app to run. */
const openAppHeader = 'oaas-app';

type ParsedTask = ReturnType<typeof taskRequestSchema.parse>;

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
  readonly #handoff = new Handoff();
  readonly #claimedByBucket = new Map<number, number>();
  #meanCloudMs = 100;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Exact tickets claimed per live reservation bucket. */
  claimedByBucket(): Record<string, number> {
    const oldest = Math.floor((this.#deps.nowMs() - 2 * reservationTtlMs - 5_000) / reservationBucketMs);
    for (const bucket of this.#claimedByBucket.keys()) if (bucket < oldest) this.#claimedByBucket.delete(bucket);
    return Object.fromEntries(this.#claimedByBucket);
  }

  close(): void {
    this.#handoff.close();
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const arrivedMs = performance.now();
    const ticket = bearer(request);
    if (ticket === null) {
      if (this.#deps.config.open) this.#serve(request, response, arrivedMs, openClaims(request), '');
      else sendProblem(request, response, problem('unauthenticated', 'no ticket: send `Authorization: Bearer TICKET`'));
      return;
    }
    const verdict = this.#deps.verifier.check(ticket);
    if (verdict instanceof Promise) {
      void verdict.then((v) => this.#afterTicket(request, response, arrivedMs, v, ticket));
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
      this.#serve(request, response, arrivedMs, verdict.claims, ticket);
      return;
    }
    const type = verdict.kind === 'replayed' ? 'replayed-ticket' : 'invalid-ticket';
    sendProblem(request, response, problem(type, `the ticket is not accepted: ${verdict.reason}`));
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    arrivedMs: number,
    claims: TicketClaims,
    ticket: string,
  ): void {
    this.#countClaim(claims);
    if (this.draining) {
      // Not relayed either: this VM is about to end, and a client that knows takes the ticket's next candidate itself.
      this.refused += 1;
      response.setHeader('connection', 'close');
      sendProblem(request, response, this.#drainingProblem());
      return;
    }
    const hops = this.#hops(request, claims);
    const next = this.#nextVms(claims, hops);
    const place = this.#deps.admission.take();
    if (place === null && next.length === 0) {
      this.refused += 1;
      sendProblem(request, response, this.#saturated());
      return;
    }
    this.open += 1;
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
      this.open -= 1;
      this.onAnswered();
    });
    this.#run(request, { arrivedMs, claims, ticket, hops, next, place, signal: gone.signal }).then(
      ({ body, requestId }) => {
        if (body.length > 65_536) response.setTimeout(30_000, () => response.destroy());
        sendJson(response, 200, body, requestId);
      },
      (error: unknown) => {
        place?.release();
        sendProblem(request, response, toProblem(error));
      },
    );
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
      signal: AbortSignal;
    },
  ): Promise<{ body: string; requestId: string }> {
    const { config, admission } = this.#deps;
    const { claims, arrivedMs } = call;
    const body = await this.#body(request, config.maxBodyBytes);
    const task = parseTask(body);
    const remainingMs = task.deadlineMs - (performance.now() - arrivedMs);
    if (remainingMs <= 0) throw new ProblemError('deadline-exceeded', `the deadline of ${task.deadlineMs} ms passed`);
    const dedupeId = `${claims.sub} ${task.requestId}`;
    const now = this.#deps.nowMs();
    if (!this.#accepted.add(dedupeId, Math.max(now + dedupeMs, claims.exp * 1000), now)) {
      throw new ProblemError(
        'replayed-ticket',
        `the request id ${quote(task.requestId)} was accepted before and runs at most once: use a new id`,
      );
    }
    let place = call.place;
    const threshold = claims.threshold ?? Math.floor(config.cores) + 1;
    const others = admission.occupancy - (place === null ? 0 : 1);
    if (call.next.length > 0 && (place === null || others >= threshold)) {
      place?.release();
      place = null;
      const answered = await this.#handOn(call, body, remainingMs);
      if (answered !== null) {
        this.handedOff += 1;
        return { body: answered, requestId: task.requestId };
      }
      place = this.draining ? null : admission.take();
    }
    if (place === null) {
      this.#accepted.delete(dedupeId);
      this.refused += 1;
      const refusal = this.draining ? this.#drainingProblem() : this.#saturated();
      throw new ProblemError(this.draining ? 'draining' : 'saturated', refusal.detail, refusal);
    }
    try {
      return { body: await this.#here(call, task, body, place), requestId: task.requestId };
    } catch (error) {
      place.release();
      throw error;
    }
  }

  async #here(
    call: { arrivedMs: number; claims: TicketClaims; hops: string[]; signal: AbortSignal },
    task: ParsedTask,
    body: Buffer,
    place: Place,
  ): Promise<string> {
    const cached = this.#deps.bundles.get(call.claims.app.digest);
    const app = cached instanceof Promise ? await cached : cached;
    if (!Object.hasOwn(app.manifest.methods, task.method)) {
      throw new ProblemError(
        'unknown-method',
        `the app "${app.manifest.id}" has no method ${quote(task.method)}; it has ${Object.keys(app.manifest.methods).join(', ')}`,
      );
    }
    const taskId = randomUUID();
    const { pool, tasks, accounting, taskCpuMs, config } = this.#deps;
    const done: Executed = await execute(
      { pool, tasks, accounting, taskCpuMs },
      {
        taskId,
        requestId: task.requestId,
        app,
        method: task.method,
        body,
        place,
        arrivedMs: call.arrivedMs,
        deadlineMs: task.deadlineMs,
        signal: call.signal,
      },
    );
    this.completed += 1;
    this.responseSumMs += done.timings.totalMs;
    countResponse(this.responseBuckets, done.timings.totalMs);
    this.#meanCloudMs = 0.9 * this.#meanCloudMs + 0.1 * done.timings.cloudMs;
    return JSON.stringify({
      requestId: task.requestId,
      taskId,
      vmId: config.vmId,
      hops: call.hops,
      result: done.result,
      state: done.state,
      timings: done.timings,
    });
  }

  /** The next VM's answer, or null when none took it. */
  async #handOn(
    call: { arrivedMs: number; ticket: string; hops: string[]; next: NextVm[]; signal: AbortSignal },
    body: Buffer,
    timeoutMs: number,
  ): Promise<string | null> {
    const hops = [...call.hops, this.#deps.config.vmId];
    for (const next of call.next) {
      const { ticket, signal, arrivedMs } = call;
      const outcome = await this.#handoff.run(next, { ticket, hops, body, timeoutMs, signal, arrivedMs });
      if (outcome.kind === 'answered') return outcome.body;
      if (outcome.kind === 'ended') throw new ForwardedProblem(outcome.problem);
      hops.push(next.id);
      // A full VM has itself asked those after it.
      if (outcome.problem.status === 429) return null;
    }
    return null;
  }

  async #body(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
    const type = request.headers['content-type'];
    if (type !== undefined && !/^application\/json\b/i.test(type)) {
      throw new ProblemError('unsupported-media-type', `the body must be application/json, received ${quote(type)}`);
    }
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > maxBytes) throw tooLarge(String(declared), maxBytes);
    return readBody(request, maxBytes);
  }

  #countClaim(claims: TicketClaims): void {
    if (claims.mode !== 'exact' || claims.bucket === undefined || claims.aud[0] !== this.#deps.config.vmId) return;
    this.#claimedByBucket.set(claims.bucket, (this.#claimedByBucket.get(claims.bucket) ?? 0) + 1);
  }

  #hops(request: IncomingMessage, claims: TicketClaims): string[] {
    const header = request.headers[headers.hops];
    if (typeof header !== 'string') return [];
    return header.split(',', 32).filter((id) => claims.vms.some((vm) => vm.id === id));
  }

  /** Session mode: the ticket's other VMs that have not seen the request, after this one first. */
  #nextVms(claims: TicketClaims, hops: readonly string[]): NextVm[] {
    if (claims.mode !== 'session' || claims.vms.length < 2) return [];
    const { vmId } = this.#deps.config;
    const own = claims.vms.findIndex((vm) => vm.id === vmId);
    const order = [...claims.vms.slice(own + 1), ...claims.vms.slice(0, own)];
    return order.filter((vm) => vm.id !== vmId && !hops.includes(vm.id));
  }

  #saturated(): Problem {
    const { config, admission } = this.#deps;
    const places = config.sharingLimit + config.queueLimit;
    const retryAfterMs = Math.round(
      Math.min(10_000, Math.max(100, (this.#meanCloudMs * (admission.waiting + 1)) / config.sharingLimit)),
    );
    return problem('saturated', `all ${places} places of ${config.vmId} are taken: try another candidate or wait`, {
      retryAfterMs,
    });
  }

  #drainingProblem(): Problem {
    return problem('draining', `${this.#deps.config.vmId} takes no new work: ask for a new placement`);
  }
}

/** A problem that another agent stated, passed on as it is. */
class ForwardedProblem extends Error {
  override readonly name = 'ForwardedProblem';
  readonly problem: Problem;
  constructor(forwarded: Problem) {
    super(forwarded.detail);
    this.problem = forwarded;
  }
}

function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError || error instanceof ForwardedProblem) return error.problem;
  return problem('internal', `the surrogate failed: ${error instanceof Error ? error.message : String(error)}`);
}

function bearer(request: IncomingMessage): string | null {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) return null;
  return header.slice(7).trim();
}

function openClaims(request: IncomingMessage): TicketClaims {
  const digest = String(request.headers[openAppHeader] ?? '');
  const aud = ['open'];
  return {
    iss: '',
    sub: 'open',
    aud,
    jti: '',
    iat: 0,
    exp: 0,
    mode: 'snapshot',
    pool: '',
    app: { id: '', digest },
    vms: [],
  };
}

function parseTask(body: Buffer): ParsedTask {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new ProblemError('invalid-request', `the body is not valid JSON: ${(error as Error).message}`);
  }
  const parsed = taskRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    field: issue.path.map(String).join('.') || '(body)',
    message: issue.message,
    received: preview(at(value, issue.path)),
  }));
  throw new ProblemError(
    'invalid-request',
    `the body does not have the shape of a task: ${quote(errors[0]?.field)}: ${errors[0]?.message}`,
    {
      errors,
    },
  );
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}

function preview(value: unknown): unknown {
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : quote(value ?? 'nothing');
}
