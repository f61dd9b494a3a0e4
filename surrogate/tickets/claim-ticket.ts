import https from 'node:https';
import { paths } from '../../lib/ports/contracts/wire.ts';
import type { NextVm, PinnedPeers } from '../tasks/pinned-peers.ts';

/** `unreachable`: whether the ticket ran there is not known. */
export type ClaimOutcome = 'ours' | 'spent' | 'unreachable';

const timeoutMs = 1_000;

/**
 * An alternate's question to a single-use ticket's first candidate: is it mine? Never rejects; without a clear answer the ticket is
 * not honoured, and its client asks for a new placement.
 */
export function claimTicket(peers: PinnedPeers, first: NextVm, ticket: string): Promise<ClaimOutcome> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${ticket}`, 'content-length': 0 };
    const request = https.request(
      new URL(paths.ticketClaims, first.url),
      { method: 'POST', agent: peers.agentOf(first), headers },
      (response) => {
        response.resume();
        response.on('error', () => {});
        if (response.statusCode === 200) resolve('ours');
        else resolve(response.statusCode === 409 ? 'spent' : 'unreachable');
      },
    );
    request.setTimeout(timeoutMs, () => request.destroy(new Error('no answer in time')));
    request.on('error', () => resolve('unreachable'));
    request.end();
  });
}
