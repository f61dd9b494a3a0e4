import https from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { Problem } from '../../lib/ports/contracts/problem.ts';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import { headers, paths, taskResponseSchema } from '../../lib/ports/contracts/wire.ts';
import { problem } from '../http/problems.ts';

export type NextVm = TicketClaims['vms'][number];

export type HandoffOutcome =
  | { kind: 'answered'; body: string }
  /** The other agent did not take it: nothing ran. */
  | { kind: 'refused'; problem: Problem }
  /** It ran there and failed, or may have run: never try again. */
  | { kind: 'ended'; problem: Problem };

const connectMs = 1_000;

/**
 * Calls other agents of the same ticket. The peer's certificate must have the fingerprint that the region signed into the ticket;
 * it is checked before a byte of the request is sent. Connections are kept alive per VM.
 */
export class Handoff {
  readonly #agents = new Map<string, https.Agent>();

  async run(
    next: NextVm,
    options: {
      ticket: string;
      hops: readonly string[];
      body: Buffer;
      timeoutMs: number;
      signal: AbortSignal;
      /** Monotonic arrival of the request at this agent. */
      arrivedMs: number;
    },
  ): Promise<HandoffOutcome> {
    return new Promise((resolve) => {
      let sent = false;
      const lost = (why: string): HandoffOutcome => {
        const detail = `the surrogate ${next.id} did not answer: ${why}`;
        return sent
          ? { kind: 'ended', problem: problem('surrogate-lost', `${detail}; the task may have run there`) }
          : { kind: 'refused', problem: problem('surrogate-lost', detail) };
      };
      const request = https.request(
        new URL(paths.tasks, next.url),
        {
          method: 'POST',
          agent: this.#agentOf(next),
          signal: options.signal,
          headers: {
            authorization: `Bearer ${options.ticket}`,
            'content-type': 'application/json',
            'content-length': options.body.length,
            [headers.hops]: options.hops.join(','),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => resolve(lost(error.message)));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve(interpret(response.statusCode ?? 0, text, performance.now() - options.arrivedMs, lost));
          });
        },
      );
      request.setTimeout(options.timeoutMs, () =>
        request.destroy(new Error(`no answer within ${options.timeoutMs} ms`)),
      );
      request.on('socket', (socket: TLSSocket) => {
        // A kept connection may die while we write: what was written may have run.
        if (!socket.connecting) sent = true;
        else socket.once('secureConnect', () => (sent = true));
      });
      request.on('error', (error) => resolve(lost(error.message)));
      request.end(options.body);
    });
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agentOf(next: NextVm): https.Agent {
    const key = `${next.url} ${next.certSha256}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = pinnedAgent(next);
      this.#agents.set(key, agent);
    }
    return agent;
  }
}

/** Keeps connections to one VM, each proven by its certificate's fingerprint before it is handed out. */
function pinnedAgent(next: NextVm): https.Agent {
  const agent = new https.Agent({ keepAlive: true, maxCachedSessions: 0, scheduling: 'lifo' });
  const createConnection = (_options: unknown, callback: (error: Error | null, socket?: TLSSocket) => void): void => {
    const { hostname, port } = new URL(next.url);
    const socket = connect({ host: hostname, port: Number(port), servername: next.id, rejectUnauthorized: false });
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${connectMs} ms`)), connectMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      callback(error);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      const fingerprint = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
      if (fingerprint === next.certSha256.toLowerCase()) {
        socket.setNoDelay(true);
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(new Error(`the certificate at ${next.url} is not the one of ${next.id}`));
    });
  };
  return Object.assign(agent, { createConnection });
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

function interpret(
  status: number,
  text: string,
  elapsedMs: number,
  lost: (why: string) => HandoffOutcome,
): HandoffOutcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return lost(`its answer (status ${status}) is not JSON`);
  }
  if (status === 200) {
    const parsed = taskResponseSchema.safeParse(value);
    if (!parsed.success) return lost('its answer does not have the shape of a task response');
    const { timings } = parsed.data;
    const between = Math.max(0, elapsedMs - timings.totalMs);
    const body = {
      ...parsed.data,
      timings: { ...timings, totalMs: round(elapsedMs), handoffMs: round(timings.handoffMs + between) },
    };
    return { kind: 'answered', body: JSON.stringify(body) };
  }
  const document = value as Problem;
  const notRun = status === 401 || status === 429 || (status === 503 && String(document.type).endsWith('/draining'));
  return notRun ? { kind: 'refused', problem: document } : { kind: 'ended', problem: document };
}
