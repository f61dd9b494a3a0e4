/** What a caller may pass. Whatever cannot work is refused where it is passed, with the value and the fix, before a timer or a socket meets it. */
import type { longestDeadlineMs as contractLimit } from '../../../lib/ports/contracts/wire.ts';
import type { CallOptions, OaasOptions, OffloadOptions } from './api.ts';
import { OffloadError } from './errors.ts';

/** The longest that a surrogate lets a call run. */
export const longestDeadlineMs: typeof contractLimit = 3_600_000;
/** About 24 days: timers carry no more. */
const longestTimerMs = 2_147_483_647;
const longestRequestId = 64;
const sides = ['auto', 'local', 'remote'];

/** @throws TypeError on options that cannot work */
export function checkOptions(options: OaasOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`new OaaS takes { endpoints or regionsUrl, apiKey }, received ${String(options)}`);
  }
  const { endpoints, regionsUrl, apiKey, energyWeight, route } = options;
  if (typeof apiKey !== 'string' || apiKey === '') {
    throw new TypeError(`apiKey must be the device key, received ${apiKey === '' ? 'an empty string' : typeof apiKey}`);
  }
  // The key itself stays out of messages, which end up in logs.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError(
      'apiKey must be printable ASCII without spaces; one read from a file ends with a line break: trim() it',
    );
  }
  if ((endpoints === undefined || endpoints.length === 0) && regionsUrl === undefined) {
    throw new TypeError("no endpoint: pass endpoints: ['https://...'] or regionsUrl");
  }
  for (const endpoint of endpoints ?? []) {
    if (typeof endpoint === 'string') checkUrl('endpoint', endpoint);
    else {
      checkUrl('endpoint', endpoint?.url);
      if (typeof endpoint.region !== 'string' || endpoint.region === '')
        throw new TypeError(
          `endpoint ${endpoint.url} needs a region, received ${String(endpoint.region)}; or pass its URL alone`,
        );
    }
  }
  if (regionsUrl !== undefined) checkUrl('regionsUrl', regionsUrl);
  if (energyWeight !== undefined && !(energyWeight >= 0 && energyWeight <= 1)) {
    throw new TypeError(`energyWeight must be from 0 (time only) to 1 (energy only), received ${energyWeight}`);
  }
  for (const [name, watts] of Object.entries(options.power ?? {})) {
    if (!(watts >= 0 && watts < Number.POSITIVE_INFINITY))
      throw new TypeError(`power.${name} must be a number of watts from 0, received ${String(watts)}`);
  }
  if (route !== undefined && route !== 'direct' && route !== 'proxy') {
    throw new TypeError(`route must be 'direct' or 'proxy', received ${String(route)}`);
  }
  checkRange('placementTimeoutMs', options.placementTimeoutMs, longestTimerMs);
  if (options.probeIntervalMs !== 0)
    checkRange('probeIntervalMs', options.probeIntervalMs, longestTimerMs, ' (0: only at the start)');
}

/** @throws TypeError on a declaration that cannot work */
export function checkOffload(appId: unknown, method: unknown, local: unknown, options: OffloadOptions): void {
  if (typeof appId !== 'string' || appId === '' || typeof method !== 'string' || method === '')
    throw new TypeError(`appId and method must be named, received "${String(appId)}", "${String(method)}"`);
  if (typeof local !== 'function' && local !== null)
    throw new TypeError(
      `${appId}.${method}: local must be a function, or null where there is none, received ${typeof local}`,
    );
  checkRange('deadlineMs', options.deadlineMs, longestDeadlineMs);
  for (const name of ['localEstimateMs', 'localParallelism', 'acceleration'] as const)
    checkRange(name, options[name], Number.MAX_VALUE);
  if (options.prefer !== undefined && !sides.includes(options.prefer))
    throw new TypeError(`prefer must be one of ${sides.join(', ')}, received ${String(options.prefer)}`);
}

/** @throws OffloadError `invalid-request` */
export function checkCall(what: string, { deadlineMs, requestId, prefer }: CallOptions<unknown>): void {
  const refuse = (problem: string) => {
    throw new OffloadError('invalid-request', `${what}: ${problem}`);
  };
  if (deadlineMs !== undefined && !(deadlineMs > 0 && deadlineMs <= longestDeadlineMs))
    refuse(`deadlineMs must be above 0 and at most ${longestDeadlineMs}, received ${deadlineMs}`);
  if (requestId !== undefined && !(requestId.length > 0 && requestId.length <= longestRequestId))
    refuse(`requestId must have 1 to ${longestRequestId} characters, received "${requestId}"`);
  if (prefer !== undefined && !sides.includes(prefer))
    refuse(`prefer must be one of ${sides.join(', ')}, received ${String(prefer)}`);
}

/** @throws TypeError on what is no http(s) URL */
export function checkUrl(name: string, url: unknown): void {
  if (typeof url !== 'string' || !/^https?:\/\/[^\s/]+(\/\S*)?$/.test(url))
    throw new TypeError(`${name} must be an http(s) URL, received ${String(url)}`);
}

function checkRange(name: string, value: number | undefined, most: number, hint = ''): void {
  if (value === undefined || (value > 0 && value <= most)) return;
  const atMost = most === Number.MAX_VALUE ? ' and finite' : ` and at most ${most}`;
  throw new TypeError(`${name} must be above 0${atMost}${hint}, received ${String(value)}`);
}
