export type Billing = 'per-second' | 'hourly';

/** EC2 bills at least this long per start. */
const LEAST_BILLED_S = 60;
const HOUR_S = 3600;

/** A charge for one VM, at the moment from which it covers time. */
export interface Charge {
  fromS: number;
  toS: number;
  usd: number;
}

/**
 * What a VM that exists from `launchS` to `endS` is charged. Per second: the time itself, but a minute at least; hourly: every hour begun, whole.
 *
 * @returns charges in order of time, each to be spread evenly over its span
 */
export function chargesOf(launchS: number, endS: number, priceUsdPerHour: number, billing: Billing): Charge[] {
  if (billing === 'per-second') {
    const toS = Math.max(endS, launchS + LEAST_BILLED_S);
    return [{ fromS: launchS, toS, usd: ((toS - launchS) / HOUR_S) * priceUsdPerHour }];
  }
  const hours = Math.max(1, Math.ceil((endS - launchS) / HOUR_S - 1e-9));
  return [{ fromS: launchS, toS: launchS + hours * HOUR_S, usd: hours * priceUsdPerHour }];
}
