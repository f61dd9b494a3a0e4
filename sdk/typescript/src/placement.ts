/**
 * Asks the regions for a placement. The nearest is asked first; when it stays silent for a moment or fails, the next
 * is asked as well and the first usable answer wins. That is safe because a reservation nobody claims expires by itself.
 */
import type { PlacementRequest, PlacementResponse } from '../../../lib/ports/contracts/wire.ts';
import { Cancellation } from './cancellation.ts';
import { monotonicMs } from './clock.ts';
import type { Closing } from './closing.ts';
import { raceRegions } from './region-race.ts';
import type { Region, Regions } from './regions.ts';
import type { Exchange, Transport } from './transport.ts';
import { isSuccess, type ProblemReply, parseJson, paths, readProblem } from './wire.ts';

export type PlacementOutcome =
  | { kind: 'answer'; response: PlacementResponse; region: Region; ms: number }
  /** The region answered that it cannot or will not. */
  | { kind: 'problem'; problem: ProblemReply; region: Region }
  | { kind: 'unreachable'; detail: string };

export interface PlacementCall {
  request: PlacementRequest;
  /** The group's own route of an earlier answer of that region, which skips the classifier. */
  route: { region: string; path: string } | null;
  timeoutMs: number;
  closing: Closing;
}

export async function place(
  call: PlacementCall,
  regions: Regions,
  transport: Transport,
  apiKey: string,
): Promise<PlacementOutcome> {
  // The first measurement of the regions counts against the time too: failing over has a promise to keep.
  const startMs = monotonicMs();
  await regions.readyWithin(call.timeoutMs / 2);
  const order = regions.ordered();
  if (order.length === 0) return { kind: 'unreachable', detail: 'no region is known' };
  const body = JSON.stringify(call.request);
  const losers = new Cancellation();
  const stop = () => losers.abort();
  const release = call.closing.onClose(stop);

  const ask = async (region: Region): Promise<PlacementOutcome> => {
    const path = call.route?.region === region.region ? call.route.path : paths.placements;
    const timeoutMs = call.timeoutMs - (monotonicMs() - startMs);
    const request = { method: 'POST', body, bearer: apiKey, timeoutMs, signal: losers } as const;
    let reply = await transport.control(region.url + path, request);
    if (reply.ok && reply.status === 404 && path !== paths.placements) {
      reply = await transport.control(region.url + paths.placements, request);
    }
    return read(reply, region, regions, monotonicMs() - startMs);
  };

  const outcome = await raceRegions(order, ask, {
    usable: ({ kind }) => kind !== 'unreachable',
    budgetMs: call.timeoutMs - (monotonicMs() - startMs),
    signal: losers,
  });
  release();
  losers.abort();
  return outcome ?? { kind: 'unreachable', detail: `no region answered within ${call.timeoutMs} ms` };
}

function read(reply: Exchange, region: Region, regions: Regions, ms: number): PlacementOutcome {
  if (!reply.ok) {
    if (reply.kind !== 'aborted') regions.markDown(region);
    return { kind: 'unreachable', detail: `${region.region}: ${reply.detail}` };
  }
  if (isSuccess(reply)) {
    const response = parseJson(reply.body) as PlacementResponse | undefined;
    if (response?.decision === 'remote' || response?.decision === 'local') {
      regions.markUp(region);
      return { kind: 'answer', response, region, ms };
    }
    return { kind: 'unreachable', detail: `${region.region}: the answer is no placement` };
  }
  const problem = readProblem(reply);
  // A gateway's 5xx without our problem document says that the region is not well; ours says it is.
  if (problem.type === 'unreadable' || problem.type === 'internal') {
    regions.markDown(region);
    return { kind: 'unreachable', detail: `${region.region}: ${problem.detail}` };
  }
  regions.markUp(region);
  return { kind: 'problem', problem, region };
}
