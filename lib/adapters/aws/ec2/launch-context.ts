import type { EC2Client } from '@aws-sdk/client-ec2';
import type { LaunchFailure, LaunchOutcome, Offer } from '../../../ports/compute-provider.ts';
import type { Zone } from './zones.ts';

export interface LaunchContext {
  client: EC2Client;
  owner: string;
  /** Home region of the geography. */
  region: string;
  /** URL of the home region's endpoint, for the machine's agent. */
  endpoint: string | undefined;
  launchTemplateName: (offer: Offer) => string;
  /** Zones to try, those set aside for every offer already left out. */
  zones: readonly Zone[];
  abortSignal: AbortSignal;
}

export interface ZonedOutcome extends LaunchOutcome {
  /** Where which offer had no capacity. */
  empty: { offerId: string; zone: string }[];
}

/** The token was used before with other parameters: prices or set-aside zones have changed since. */
export const otherParameters = 'IdempotentParameterMismatch';

/** Short: the gravest error decides, because trying elsewhere helps against no capacity only. */
export const gravity: readonly LaunchFailure[] = [
  'no-answer',
  'unauthorised',
  'bad-image',
  'quota',
  'throttled',
  'unknown',
  'no-capacity',
];

/** Offers that had no capacity in any of the zones tried. */
export function emptyEverywhere(
  offers: readonly Offer[],
  zones: readonly Zone[],
  empty: ZonedOutcome['empty'],
): string[] {
  return offers
    .map((offer) => offer.id)
    .filter((id) => zones.every(({ zone }) => empty.some((e) => e.offerId === id && e.zone === zone)));
}
