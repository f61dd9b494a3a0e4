import https from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';

/** Another VM of a ticket. */
export type NextVm = TicketClaims['vms'][number];

const connectMs = 1_000;

/**
 * Connections to other agents, kept alive per VM. The peer's certificate must have the fingerprint that the region signed into the ticket;
 * it is checked before a byte of a request is sent.
 */
export class PinnedPeers {
  readonly #agents = new Map<string, https.Agent>();

  agentOf(next: NextVm): https.Agent {
    const key = `${next.url} ${next.certSha256}`;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = pinnedAgent(next);
      this.#agents.set(key, agent);
    }
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
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
