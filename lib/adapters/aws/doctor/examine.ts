import type { Finding } from '../../../ports/diagnosis.ts';
import { checkImage, checkLaunch } from './data-centre-checks.ts';
import { checkBundles, checkClock, checkEndpoint, checkPrices, checkTables, checkTicketKeys } from './home-checks.ts';
import type { Check, Look, Result } from './look.ts';
import { checkControlQuotas, checkMachineQuotas } from './quota-checks.ts';

const ofHome: Record<string, Check> = {
  clock: checkClock,
  tables: checkTables,
  endpoint: checkEndpoint,
  'ticket keys': checkTicketKeys,
  bundles: checkBundles,
  prices: checkPrices,
  quotas: checkControlQuotas,
};
const ofDataCentre: Record<string, Check> = {
  'machine quotas': checkMachineQuotas,
  image: checkImage,
  launch: checkLaunch,
};

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

async function run(check: string, region: string, look: () => Promise<Result>): Promise<Finding> {
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
