/*
 * Rents EC2 machines in the data centres of one geography.
 *
 * Truth is what EC2 lists by tag; nothing is remembered here but which (type, zone) had no capacity a moment ago. A launch is
 * one CreateFleet whose ClientToken is the intent's id. Failure modes: a region that does not answer makes `list` throw (the
 * scaler then holds); zones without capacity are set aside for minutes, longer on repeat; everything else is classified in errors.ts.
 */
import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { clearSetAside, isSetAside, type SetAside, setAside } from '../../../domain/scaling/set-aside.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ComputeProvider, Offer } from '../../../ports/compute-provider.ts';
import { launchFleet } from './launch.ts';
import { listInstances } from './list.ts';
import { parseVmId } from './vm-id.ts';
import type { Zone } from './zones.ts';

export interface Ec2ProviderOptions {
  owner: string;
  /** Home region of the geography. */
  region: string;
  /** URL of its endpoint; the agents take ticket keys from it. */
  endpoint: string | undefined;
  dataCentres: readonly string[];
  client: (region: string) => EC2Client;
  zones: (region: string) => Promise<Zone[]>;
  launchTemplateName: (offer: Offer) => string;
  offers: () => Promise<Offer[]>;
  interruptions: () => Promise<{ vmId: string; atMs: number }[]>;
  clock: Clock;
  zoneSetAsideMs?: number;
}

export function createEc2Provider(options: Ec2ProviderOptions): ComputeProvider {
  const { owner, region, client, clock } = options;
  const zoneSetAsideMs = options.zoneSetAsideMs ?? 180_000;
  let emptyZones: SetAside = {};
  const zoneKey = (offer: Offer, zone: string) => `${offer.type.id}@${zone}/${offer.purchaseOption}`;

  async function zonesFor(offer: Offer): Promise<Zone[]> {
    const all = await options.zones(offer.dataCentre);
    const open = all.filter(({ zone }) => !isSetAside(emptyZones, zoneKey(offer, zone), clock.nowMs()));
    // With every zone set aside the scaler has been told no-capacity already; if it asks again, all are tried.
    return open.length > 0 ? open : all;
  }

  return {
    offers: options.offers,
    interruptions: options.interruptions,

    async launch(request) {
      const { offer } = request;
      const zones = await zonesFor(offer);
      if (zones.length === 0) {
        return {
          vmIds: [],
          failure: 'bad-image',
          detail: `no subnet of ${owner} in ${offer.dataCentre}: is the data-centre stack deployed?`,
        };
      }
      const outcome = await launchFleet(
        {
          client: client(offer.dataCentre),
          owner,
          region,
          endpoint: options.endpoint,
          launchTemplateName: options.launchTemplateName(offer),
          zones,
        },
        request,
      );
      for (const zone of outcome.emptyZones)
        emptyZones = setAside(emptyZones, zoneKey(offer, zone), clock.nowMs(), zoneSetAsideMs);
      if (outcome.failure === null) {
        for (const { zone } of zones) {
          if (!outcome.emptyZones.includes(zone)) emptyZones = clearSetAside(emptyZones, zoneKey(offer, zone));
        }
      }
      return { vmIds: outcome.vmIds, failure: outcome.failure, detail: outcome.detail };
    },

    async list() {
      const lists = await Promise.all(
        options.dataCentres.map((place) => listInstances(client(place), place, owner, region)),
      );
      return lists.flat();
    },

    async terminate(vmIds) {
      await Promise.all(
        [...groupByRegion(vmIds)].map(([place, InstanceIds]) =>
          client(place).send(new TerminateInstancesCommand({ InstanceIds })),
        ),
      );
    },
  };
}

function groupByRegion(vmIds: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { instanceId, region } of vmIds.map(parseVmId))
    groups.set(region, [...(groups.get(region) ?? []), instanceId]);
  return groups;
}
