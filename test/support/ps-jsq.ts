/** One request of a recorded run. */
export interface RecordedRequest {
  arrivalS: number;
  /** CPU seconds on the reference core. */
  demandS: number;
}

/**
 * Response times of a given sequence of requests on equal single-core machines that share their core among all present, each
 * arrival joining the machine with the fewest: the reference that a run of real processes is compared with, on its own arrivals.
 * Ties go round in order. Exact for processor sharing, event by event; no randomness.
 *
 * @param coreSpeed of every machine, relative to the reference core
 */
export function processorSharingJsq(
  requests: readonly RecordedRequest[],
  machines: number,
  coreSpeed: number,
): number[] {
  const left = Array.from({ length: machines }, () => new Map<number, number>());
  const responses: number[] = new Array(requests.length).fill(0);
  let nowS = 0;
  let turn = 0;

  const advance = (untilS: number): void => {
    for (;;) {
      let next = Number.POSITIVE_INFINITY;
      for (const present of left) {
        for (const work of present.values()) next = Math.min(next, (work * present.size) / coreSpeed);
      }
      const stepS = Math.min(next, untilS - nowS);
      if (!Number.isFinite(stepS)) return;
      for (const present of left) {
        const done = (stepS * coreSpeed) / present.size;
        for (const [i, work] of present) {
          if (work - done > 1e-12) present.set(i, work - done);
          else {
            present.delete(i);
            responses[i] = nowS + stepS - requests[i]!.arrivalS;
          }
        }
      }
      nowS += stepS;
      if (next > untilS - nowS + stepS || nowS >= untilS) return;
    }
  };

  requests.forEach((request, i) => {
    while (nowS < request.arrivalS) advance(request.arrivalS);
    let best = -1;
    for (let k = 0; k < machines; k++) {
      const m = (turn + k) % machines;
      if (best === -1 || left[m]!.size < left[best]!.size) best = m;
    }
    turn = best + 1;
    left[best]!.set(i, request.demandS);
  });
  while (left.some((present) => present.size > 0)) advance(Number.POSITIVE_INFINITY);
  return responses;
}
