/** The request path in a Lambda function: the control plane of local mode over this region's parts, behind API Gateway. */
import { randomUUID } from 'node:crypto';
import { type ControlPlane, type ControlPlaneDependencies, createControlPlane } from '../../../app/control-plane.ts';
import { cheapestPrice } from '../../../app/scaler/region-config.ts';
import type { BundleStore } from '../../../ports/bundle-store.ts';
import type { BundleUploads } from '../../../ports/bundle-uploads.ts';
import type { RegionsResponse } from '../../../ports/contracts/wire.ts';
import { createRegionDirectory } from '../dynamodb-region-rows.ts';
import { authenticateByGateway } from './authenticate.ts';
import { lambdaClock } from './clock.ts';
import type { Parts } from './parts.ts';

export interface LambdaControl {
  plane: ControlPlane;
  /** Own URL as the last event named it; the function cannot be told at deployment, being behind it. */
  setEndpoint(url: string): void;
  /** Reads what placements need, so that the first request does not wait for it. */
  warmUp(): Promise<void>;
}

type Extra = Pick<ControlPlaneDependencies, 'extraStatus'>;

const regionsRefreshMs = 60_000;

/** Bundles of a function that serves them, and how they are uploaded. */
export interface LambdaBundles {
  store: BundleStore;
  uploads: BundleUploads | null;
}

export function createLambdaControl(parts: Parts, bundles: LambdaBundles, extra: Extra = {}): LambdaControl {
  const { config, log, offers } = parts;
  const regions = cachedRegions(parts);
  let endpoint = config.endpoint ?? '';
  const plane = createControlPlane({
    regionId: config.region,
    geography: config.geography.id,
    endpoint: () => endpoint,
    regions: () => regions.current({ id: config.region, geography: config.geography.id, endpoint }),
    authenticate: authenticateByGateway,
    configStore: parts.configStore,
    state: parts.state,
    bundles: bundles.store,
    uploads: bundles.uploads,
    agents: parts.agents,
    signer: parts.signer,
    clock: lambdaClock,
    log,
    shard: `lambda-${randomUUID().slice(0, 8)}`,
    randomId: randomUUID,
    random: Math.random,
    slotMs: config.slotMs,
    groupPriceUsdPerHour: (group) => cheapestPrice(group, offers.current()),
    ...extra,
  });
  return {
    plane,
    setEndpoint(url) {
      endpoint = url;
      regions.refresh();
      // In the background, but for the first: prices decide between groups only.
      offers.ready().catch((error: unknown) => log.warn('prices not read', { error: String(error) }));
    },
    async warmUp() {
      const reads = [plane.config.ready(), parts.signer.publicKeys(), offers.ready(), regions.refresh()];
      await Promise.allSettled(reads);
    },
  };
}

/** Where the function does not serve them (placements name digests only). */
export const noBundles: LambdaBundles = {
  store: {
    put: () => Promise.reject(new Error('bundles are registered at the admin routes')),
    get: async () => null,
    has: async () => false,
  },
  uploads: null,
};

function cachedRegions({ config, dynamoDb, log }: Parts) {
  const directory = createRegionDirectory(dynamoDb, config.configTable);
  let entries: RegionsResponse['regions'] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    /** Every region that has entered itself, this one always. */
    current(own: RegionsResponse['regions'][number]): RegionsResponse {
      return { regions: [own, ...entries.filter((entry) => entry.id !== own.id)] };
    },
    async refresh(): Promise<void> {
      const nowMs = lambdaClock.monotonicMs();
      if (nowMs - readAtMs < regionsRefreshMs) return;
      readAtMs = nowMs;
      try {
        entries = await directory.list();
      } catch (error) {
        log.warn('regions not read, the last list stays', { error: String(error) });
      }
    },
  };
}
