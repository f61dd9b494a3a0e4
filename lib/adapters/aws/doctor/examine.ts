import type { Finding } from '../../../ports/diagnosis.ts';
import {
  checkClock,
  checkEndpoint,
  checkImage,
  checkLaunch,
  checkPrices,
  checkQuotas,
  checkTicketKeys,
  type Look,
} from './checks.ts';

type Check = (look: Look, region: string) => Promise<Omit<Finding, 'check' | 'region'>>;

const ofHome: Record<string, Check> = {
  clock: checkClock,
  endpoint: checkEndpoint,
  'ticket keys': checkTicketKeys,
  prices: checkPrices,
  quotas: checkQuotas,
};
const ofDataCentre: Record<string, Check> = { image: checkImage, launch: checkLaunch };

const credentialErrors = /Credential|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|AuthFailure|SSO/i;

/** Every check of a geography, side by side. */
export function examine(look: Look): Promise<Finding[]> {
  const { home, dataCentres } = look.geography;
  return Promise.all([
    ...Object.entries(ofHome).map(([name, check]) => run(name, home, () => check(look, home))),
    ...dataCentres.flatMap(({ id }) =>
      Object.entries(ofDataCentre).map(([name, check]) => run(name, id, () => check(look, id))),
    ),
  ]);
}

async function run(
  check: string,
  region: string,
  look: () => Promise<Omit<Finding, 'check' | 'region'>>,
): Promise<Finding> {
  try {
    return { check, region, ...(await look()) };
  } catch (error) {
    const { name, message } = error as Error;
    const fix = credentialErrors.test(`${name} ${message}`)
      ? 'sign in: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
      : message === 'fetch failed'
        ? 'check the network between this machine and AWS'
        : 'deploy first (npx oaas deploy), or see docs/runbook.md';
    return { check, region, status: 'failed', detail: `${name}: ${message}`.slice(0, 300), fix };
  }
}
