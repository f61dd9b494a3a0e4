import type { Offer } from '../../domain/planner/types.ts';
import { type DemandSampler, type DemandSpec, demandSampler } from '../engine/demand.ts';
import { Stream } from '../engine/rng.ts';
import type { BootDelay, Scenario } from './types.ts';

const BOOT_STREAM = Stream.cloud + 100;

/** Draws launch-to-ready times, seconds; an offer's own `bootS` wins over the scenario's. */
export class BootDelays {
  private readonly own: readonly (number | undefined)[];
  private readonly meanS: number;
  private readonly sampler: DemandSampler;

  constructor(scenario: Scenario, seed: number, replication: number) {
    this.own = scenario.offers.map((offer) => offer.bootS);
    const boot = scenario.bootS ?? 0;
    this.meanS = typeof boot === 'number' ? boot : boot.meanS;
    this.sampler = demandSampler(specOf(boot), seed, replication, BOOT_STREAM);
  }

  next(offer: number): number {
    return this.own[offer] ?? this.meanS * this.sampler.next();
  }
}

/** Mean boot time of an offer, seconds. */
export function meanBootS(scenario: Scenario, offer: Offer): number {
  const boot = scenario.bootS ?? 0;
  return offer.bootS ?? (typeof boot === 'number' ? boot : boot.meanS);
}

/** The 90th percentile of the slowest offer's boot: by then nine launches in ten are ready. */
export function bootP90S(scenario: Scenario): number {
  const boot = scenario.bootS ?? 0;
  const own = scenario.offers.flatMap((offer) => (offer.bootS === undefined ? [] : [offer.bootS]));
  const common = own.length === scenario.offers.length ? 0 : typeof boot === 'number' ? boot : sampledP90(boot);
  return Math.max(common, ...own, 0);
}

function sampledP90(boot: BootDelay): number {
  const sampler = demandSampler(specOf(boot), 1, 0, BOOT_STREAM);
  const samples = Float64Array.from({ length: 2000 }, () => sampler.next()).sort();
  return boot.meanS * samples[1800]!;
}

function specOf(boot: number | BootDelay): DemandSpec {
  if (typeof boot === 'number') return { distribution: 'deterministic' };
  switch (boot.distribution) {
    case 'lognormal':
      return { distribution: 'lognormal', scv: boot.scv ?? 0.1 };
    case 'erlang':
      return { distribution: 'erlang', phases: boot.phases ?? 4 };
    default:
      return { distribution: boot.distribution };
  }
}
