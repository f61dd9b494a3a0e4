/*
 * Rents EC2 machines in the data centres of one geography.
 *
 * Truth is what EC2 lists by tag; nothing is remembered here but which (type, zone) had no capacity a moment ago. A launch of several
 * types is one CreateFleet, one of a single on-demand type RunInstances zone by zone; ClientToken is the intent's id. Failure modes: a
 * data centre that does not answer within its budget is reported as unknown and all others are listed (none answers: `list` throws);
 * a launch without an answer is told apart from one that failed; zones without capacity are set aside for minutes, longer on repeat;
 * a repeated launch whose parameters differ is answered by what its first call launched. Everything else is classified in errors.ts.
 */
import type { EC2Client } from '@aws-sdk/client-ec2';
import { atOpenZones } from '../../../domain/pricing/zone-prices.ts';
import { clearSetAside, isSetAside, type SetAside, setAside } from '../../../domain/scaling/set-aside.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ComputeProvider, LaunchOutcome, LaunchRequest, Listing, Offer } from '../../../ports/compute-provider.ts';
import { withinBudget } from '../within-budget.ts';
import { createFleet } from './create-fleet.ts';
import { readEc2Error } from './errors.ts';
import { type LaunchContext, otherParameters, type ZonedOutcome } from './launch-context.ts';
import { listInstances } from './list.ts';
import { runInstances } from './run-instances.ts';
import { terminateInstances } from './terminate.ts';
import { createEc2WarmPool } from './warm-pool.ts';
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
  /** How long one data centre may take over a listing, and over a launch with all its calls. */
  listBudgetMs?: number;
  launchBudgetMs?: number;
}

export function createEc2Provider(options: Ec2ProviderOptions): ComputeProvider {
  const { owner, region, client, clock, dataCentres } = options;
  const { zoneSetAsideMs = 180_000, listBudgetMs = 10_000, launchBudgetMs = 15_000 } = options;
  let emptyZones: SetAside = {};
  const zoneKey = (offerId: string, zone: string) => `${offerId}#${zone}`;
  const isAside = (offerId: string, zone: string) => isSetAside(emptyZones, zoneKey(offerId, zone), clock.nowMs());

  /** Each offer at the price of the zones in which it may be had: those that we have a subnet in and that are not set aside. */
  async function offersNow(): Promise<Offer[]> {
    const offers = await options.offers();
    const places = [...new Set(offers.filter((o) => o.zonePricesUsdPerHour !== undefined).map((o) => o.dataCentre))];
    const ours = new Map<string, Set<string>>();
    await Promise.all(
      places.map(async (place) => {
        // A data centre that does not answer is found out by the listing; its prices matter to nobody then.
        const zones = await withinBudget(listBudgetMs, `zones of ${place}`, () => options.zones(place)).catch(() => []);
        if (zones.length > 0) ours.set(place, new Set(zones.map(({ zone }) => zone)));
      }),
    );
    return offers.map((offer) =>
      atOpenZones(offer, (zone) => (ours.get(offer.dataCentre)?.has(zone) ?? true) && !isAside(offer.id, zone)),
    );
  }

  /** Zones in which one of the offers may still be had. */
  async function zonesFor(request: LaunchRequest): Promise<Zone[]> {
    const offers = [request.offer, ...(request.standIns ?? [])];
    const all = await options.zones(request.offer.dataCentre);
    const open = all.filter(({ zone }) => offers.some((o) => !isAside(o.id, zone)));
    // With every zone set aside the scaler has been told no-capacity already; if it asks again, all are tried.
    return open.length > 0 ? open : all;
  }

  function learn(request: LaunchRequest, zones: readonly Zone[], outcome: ZonedOutcome): void {
    for (const { offerId, zone } of outcome.empty)
      emptyZones = setAside(emptyZones, zoneKey(offerId, zone), clock.nowMs(), zoneSetAsideMs);
    if (outcome.failure !== null) return;
    for (const { zone } of zones) {
      const key = zoneKey(request.offer.id, zone);
      if (!outcome.empty.some((e) => zoneKey(e.offerId, e.zone) === key)) emptyZones = clearSetAside(emptyZones, key);
    }
  }

  async function launchWithin(request: LaunchRequest, abortSignal: AbortSignal): Promise<LaunchOutcome> {
    const { offer } = request;
    const zones = await zonesFor(request);
    if (zones.length === 0) {
      return {
        vmIds: [],
        failure: 'bad-image',
        detail: `no subnet of ${owner} in ${offer.dataCentre}: is the data-centre stack deployed?`,
      };
    }
    const offers = [offer, ...(request.standIns ?? [])];
    const someOpen = zones.some(({ zone }) => offers.some((o) => !isAside(o.id, zone)));
    const isOpen = (offerId: string, zone: string) => !someOpen || !isAside(offerId, zone);
    const context: LaunchContext = { ...options, client: client(offer.dataCentre), zones, isOpen, abortSignal };
    // EC2 remembers tokens per action: which one is asked must not depend on what else is offered by now.
    const single = offer.purchaseOption === 'on-demand' && request.standIns === undefined;
    try {
      const { empty, ...outcome } = await (single ? runInstances : createFleet)(context, request).then((launched) => {
        learn(request, zones, launched);
        return launched;
      });
      return outcome;
    } catch (error) {
      if ((error as Error).name === otherParameters) return await launchedBefore(request, abortSignal);
      throw error;
    }
  }

  async function launchedBefore(request: LaunchRequest, abortSignal: AbortSignal): Promise<LaunchOutcome> {
    const { clientToken, offer } = request;
    const place = offer.dataCentre;
    const found = await listInstances(client(place), place, owner, region, { abortSignal, intentId: clientToken });
    const live = found.filter((vm) => vm.state !== 'terminated');
    const others = live.filter((vm) => vm.offerId !== offer.id);
    return {
      vmIds: live.map((vm) => vm.vmId),
      cameAs: Object.fromEntries(others.map((vm) => [vm.vmId, vm.offerId])),
      failure: live.length > 0 ? null : 'unknown',
      detail: live.length > 0 ? null : `${otherParameters}, and nothing carries the intent's tag`,
    };
  }

  return {
    offers: offersNow,
    interruptions: options.interruptions,
    warmPool: createEc2WarmPool(client, launchBudgetMs),

    async launch(request) {
      try {
        return await withinBudget(launchBudgetMs, `launch in ${request.offer.dataCentre}`, (signal) =>
          launchWithin(request, signal),
        );
      } catch (error) {
        const { failure, detail } = readEc2Error(error);
        return { vmIds: [], failure, detail };
      }
    },

    async list(): Promise<Listing> {
      const answers = await Promise.allSettled(
        dataCentres.map((place) =>
          withinBudget(listBudgetMs, `list ${place}`, (abortSignal) =>
            listInstances(client(place), place, owner, region, { abortSignal }),
          ),
        ),
      );
      const unknown = answers.flatMap((answer, i) =>
        answer.status === 'rejected' ? [{ dataCentre: dataCentres[i]!, reason: String(answer.reason) }] : [],
      );
      if (unknown.length > 0 && unknown.length === dataCentres.length)
        throw new Error(`no data centre answers: ${unknown.map(({ reason }) => reason).join('; ')}`);
      return { vms: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])), unknown };
    },

    terminate: (vmIds) => terminateInstances(client, vmIds, launchBudgetMs),
  };
}
