import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Problem } from '../../lib/ports/contracts/problem.ts';
import { headers, paths, taskResponseSchema } from '../../lib/ports/contracts/wire.ts';
import { problem } from '../http/problems.ts';
import type { ClientPresence } from './client-presence.ts';
import type { NextVm, PinnedPeers } from './pinned-peers.ts';
import { ForwardedProblem } from './task-problems.ts';

type HandoffOutcome =
  | { kind: 'answered'; body: string }
  /** The other agent did not take it: nothing ran. */
  | { kind: 'refused'; problem: Problem }
  /** It ran there and failed, or may have run: never try again. */
  | { kind: 'ended'; problem: Problem };

interface HandedOn {
  ticket: string;
  /** VMs that the task has been at, this one the last. */
  hops: readonly string[];
  body: Buffer;
  timeoutMs: number;
  /** Monotonic arrival of the request at this agent. */
  arrivedMs: number;
  client: ClientPresence;
}

/** Hands tasks on to other agents of the same ticket. */
export class Handoff {
  readonly #peers: PinnedPeers;

  constructor(peers: PinnedPeers) {
    this.#peers = peers;
  }

  /**
   * Asks the VMs in their order.
   *
   * @returns the answer of the first that took it, or null when none did: nothing ran
   * @throws ForwardedProblem when it ran there and failed, or may have run
   */
  async along(next: readonly NextVm[], task: HandedOn): Promise<string | null> {
    const gone = new AbortController();
    task.client.whenGone(() => gone.abort());
    const hops = [...task.hops];
    for (const vm of next) {
      const outcome = await this.#to(vm, { ...task, hops, signal: gone.signal });
      if (outcome.kind === 'answered') return outcome.body;
      if (outcome.kind === 'ended') throw new ForwardedProblem(outcome.problem);
      hops.push(vm.id);
      // A full VM has itself asked those after it.
      if (outcome.problem.status === 429) return null;
    }
    return null;
  }

  #to(next: NextVm, options: HandedOn & { signal: AbortSignal }): Promise<HandoffOutcome> {
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
          agent: this.#peers.agentOf(next),
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
