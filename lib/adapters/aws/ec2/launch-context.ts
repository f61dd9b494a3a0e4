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
  /** Whether an offer is to be tried in a zone: had capacity there as far as known, or had none anywhere. */
  isOpen: (offerId: string, zone: string) => boolean;
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

/** Offers that had no capacity in any of the zones that were tried for them. */
export function emptyEverywhere(
  offers: readonly Offer[],
  { zones, isOpen }: Pick<LaunchContext, 'zones' | 'isOpen'>,
  empty: ZonedOutcome['empty'],
): string[] {
  const had = (id: string, zone: string) => isOpen(id, zone) && !empty.some((e) => e.offerId === id && e.zone === zone);
  return offers.map((offer) => offer.id).filter((id) => !zones.some(({ zone }) => had(id, zone)));
}
