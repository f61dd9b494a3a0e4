/**
 * Calls to agents over TLS pinned to the VM's own certificate: it is the only CA trusted and the VM id is the server name, so
 * that no byte of a ticket leaves before the VM is proven. One keep-alive pool per VM and certificate; the pool of a VM that
 * was not called for a minute is dropped.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AgentAddress, AgentClient, TaskOutcome } from '../../ports/agent-client.ts';
import { type Problem, problemBase, problemSchema, problemTitle, problemTypes } from '../../ports/contracts/problem.ts';
import { paths, runningTaskSchema, taskResponseSchema } from '../../ports/contracts/wire.ts';
import { OaasError } from '../../ports/errors.ts';

export interface AgentClientOptions {
  /** Bearer of the agents' admin routes: a shared token, or one made for each VM. */
  agentToken: string | ((vmId: string) => Promise<string>);
  /** Bound of an admin call. */
  adminTimeoutMs?: number;
}

interface Answer {
  status: number;
  body: string;
}

/** An agent that could not be reached or gave no whole answer. */
class AgentUnreachableError extends OaasError {
  override readonly name = 'AgentUnreachableError';
  /** False: the connection was never made, so that nothing was sent. */
  readonly sent: boolean;
  readonly timedOut: boolean;
  constructor(message: string, sent: boolean, timedOut: boolean, cause?: unknown) {
    super(message, { cause });
    this.sent = sent;
    this.timedOut = timedOut;
  }
}

const answerLimitBytes = 16 * 1024 * 1024;
const idleMs = 60_000;
/** Refusals that an agent gives before it runs anything. */
const refusedBeforeRun = new Set(
  (['saturated', 'draining', 'no-capacity', 'invalid-ticket', 'isolation-unavailable', 'quota-exceeded'] as const).map(
    (type) => `${problemBase}${type}`,
  ),
);

export function createAgentClient(options: AgentClientOptions): AgentClient & { close(): void } {
  const pools = new Map<string, { certPem: string; agent: Agent; usedAtMs: number }>();

  const poolOf = ({ vmId, certPem }: AgentAddress): Agent => {
    const nowMs = Date.now();
    for (const [id, pool] of pools) {
      if (nowMs - pool.usedAtMs > idleMs || (id === vmId && pool.certPem !== certPem)) {
        pool.agent.destroy();
        pools.delete(id);
      }
    }
    let pool = pools.get(vmId);
    if (pool === undefined) {
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 256,
        ca: certPem,
        servername: vmId,
        minVersion: 'TLSv1.2',
      });
      pool = { certPem, agent, usedAtMs: nowMs };
      pools.set(vmId, pool);
    }
    pool.usedAtMs = nowMs;
    return pool.agent;
  };

  const call = (
    agent: AgentAddress,
    method: string,
    path: string,
    bearer: string,
    body: string | null,
    bounds: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      let sent = false;
      let timedOut = false;
      const outgoing: ClientRequest = httpsRequest(new URL(path, agent.url), {
        method,
        agent: poolOf(agent),
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        },
        ...(bounds.signal === undefined ? {} : { signal: bounds.signal }),
      });
      const timer = setTimeout(() => {
        timedOut = true;
        outgoing.destroy(new Error(`no answer within ${Math.round(bounds.timeoutMs)} ms`));
      }, bounds.timeoutMs);
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        reject(new AgentUnreachableError(`${agent.vmId} at ${agent.url}: ${cause.message}`, sent, timedOut, cause));
      };
      outgoing.on('socket', (socket) => {
        // A new socket is written to only once TLS has proven the VM; a kept one may have taken the request at any time.
        if (socket.connecting) socket.once('secureConnect', () => (sent = true));
        else sent = true;
      });
      outgoing.on('error', fail);
      outgoing.on('response', (incoming) => {
        readAnswer(incoming).then((answer) => {
          clearTimeout(timer);
          resolve(answer);
        }, fail);
      });
      outgoing.end(body ?? undefined);
    });

  const admin = async (agent: AgentAddress, method: string, path: string): Promise<Answer> => {
    const { agentToken, adminTimeoutMs: timeoutMs = 3_000 } = options;
    const bearer = typeof agentToken === 'string' ? agentToken : await agentToken(agent.vmId);
    return call(agent, method, path, bearer, null, { timeoutMs });
  };

  return {
    async run(agent, ticket, task, bounds) {
      try {
        return toOutcome(agent, await call(agent, 'POST', paths.tasks, ticket, JSON.stringify(task), bounds));
      } catch (error) {
        if (!(error instanceof AgentUnreachableError)) throw error;
        const { sent, timedOut } = error;
        return {
          ok: false,
          mayHaveRun: sent,
          problem: localProblem(timedOut && sent ? 'deadline-exceeded' : 'surrogate-lost', error.message),
        };
      }
    },
    async listTasks(agent) {
      const answer = expectOk(agent, await admin(agent, 'GET', paths.tasks));
      const listed = JSON.parse(answer.body) as { tasks?: unknown };
      return runningTaskSchema.array().parse(Array.isArray(listed) ? listed : listed.tasks);
    },
    async killTask(agent, taskId) {
      const answer = await admin(agent, 'DELETE', paths.task(encodeURIComponent(taskId)));
      if (answer.status === 404) return 'absent';
      expectOk(agent, answer);
      return 'killed';
    },
    async drain(agent) {
      expectOk(agent, await admin(agent, 'POST', '/v1/drain'));
    },
    close() {
      for (const pool of pools.values()) pool.agent.destroy();
      pools.clear();
    },
  };
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > answerLimitBytes) {
      incoming.destroy();
      throw new Error(`the answer is longer than ${answerLimitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}

/** What the agent said; a surrogate runs strangers' code, so its answer is validated like any input. */
function toOutcome(agent: AgentAddress, answer: Answer): TaskOutcome {
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    body = null;
  }
  if (answer.status === 200) {
    const response = taskResponseSchema.safeParse(body);
    if (response.success) return { ok: true, response: response.data };
  } else {
    const problem = problemSchema.safeParse(body);
    if (problem.success) {
      return { ok: false, problem: problem.data, mayHaveRun: !refusedBeforeRun.has(problem.data.type) };
    }
  }
  const detail = `${agent.vmId} answered ${answer.status} with something else than a task's result`;
  return { ok: false, problem: localProblem('surrogate-lost', detail), mayHaveRun: true };
}

function localProblem(type: 'surrogate-lost' | 'deadline-exceeded', detail: string): Problem {
  return {
    type: `${problemBase}${type}`,
    title: problemTitle(type),
    status: problemTypes[type],
    detail: `${detail}; place again, or run it locally`,
  };
}

function expectOk(agent: AgentAddress, answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new OaasError(`${agent.vmId} answered ${answer.status}: ${answer.body.slice(0, 200)}`);
}
