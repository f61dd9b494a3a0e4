import { estimate } from '../engine/confidence.ts';
import { DurationHistogram } from '../engine/histogram.ts';
import type { ReplicationResult } from './replication-types.ts';
import type { ResponseSummary, Scenario, ScenarioTotal, SlotResult } from './types.ts';

/**
 * Adds up the replications of one scenario (or of several regions) as they end, so that only one of them is held at a time.
 *
 * Rules: a slot is within the SLA when its indicator over the answered requests is at most the target and its refused requests do not
 * spoil it: any refusal does under `mean`, and under a percentile they count as answers that take for ever. A slot without requests is
 * within. A request is within when it was answered within `targetS`.
 */
export class Aggregate {
  private readonly slots: SlotSums[];
  private readonly runs: RunSums[] = [];
  private readonly all = new DurationHistogram();
  private infeasibleSlots = 0;
  private readonly scenario: Scenario;
  private readonly slotS: number;
  private readonly cheapestUsdPerRequest: number;

  constructor(scenario: Scenario, slotS: number) {
    this.scenario = scenario;
    this.slotS = slotS;
    this.cheapestUsdPerRequest = Math.min(
      ...scenario.offers.map(
        (o) => o.priceUsdPerHour / 3600 / ((o.serviceRatePerS * Math.min(o.cores, o.sharingLimit)) / o.cores),
      ),
    );
    this.slots = scenario.slots.map(() => new SlotSums(scenario.offers.length));
  }

  /** Adds one replication; of several regions, all parts of one replication together. */
  add(parts: readonly ReplicationResult[]): void {
    const run: RunSums = {
      requests: 0,
      refused: 0,
      within: 0,
      rentUsd: 0,
      controlPlaneUsd: 0,
      slotsWithin: 0,
      sumS: 0,
    };
    this.slots.forEach((slot, k) => {
      const responses = new DurationHistogram();
      let refused = 0;
      for (const { recorder, ledger } of parts) {
        const own = recorder.responses[k];
        if (own) responses.merge(own);
        refused += recorder.refused[k] ?? 0;
        slot.addLedger(ledger.slots[k]!);
        run.rentUsd += ledger.slots[k]!.rentUsd;
      }
      const within = isWithin(responses, refused, this.scenario.sla);
      slot.responses.merge(responses);
      slot.refused += refused;
      slot.within += within ? 1 : 0;
      run.slotsWithin += within ? 1 : 0;
      run.requests += responses.count + refused;
      run.refused += refused;
      run.sumS += responses.sum;
      if (responses.count > 0) run.within += responses.count * responses.shareWithin(this.scenario.sla.targetS);
    });
    for (const part of parts) {
      run.controlPlaneUsd += part.controlPlaneUsd;
      this.infeasibleSlots += part.infeasibleSlots;
    }
    this.runs.push(run);
  }

  slotResults(): SlotResult[] {
    const n = this.runs.length;
    return this.slots.map((slot, k) => ({
      startS: k * this.slotS,
      arrivalRatePerS: this.scenario.slots[k]!.arrivalRatePerS,
      requests: (slot.responses.count + slot.refused) / n,
      refused: slot.refused / n,
      rentUsd: slot.rentUsd / n,
      fluidBoundUsd: this.boundUsd(k),
      responseTimeS: summary(slot.responses),
      withinTarget: isWithin(slot.responses, slot.refused, this.scenario.sla),
      shareWithin: slot.within / n,
      utilization: slot.capacity > 0 ? slot.work / slot.capacity : 0,
      vmsByOffer: Object.fromEntries(
        this.scenario.offers.map((offer, i) => [offer.id, slot.rentedS[i]! / this.slotS / n]),
      ),
      launches: slot.launches / n,
    }));
  }

  total(): ScenarioTotal {
    const { runs, slots } = this;
    for (const slot of slots) this.all.merge(slot.responses);
    const mean = (value: (run: RunSums) => number) => estimate(runs.map(value));
    const bound = slots.reduce((sum, _, k) => sum + this.boundUsd(k), 0);
    const rent = mean((r) => r.rentUsd);
    const controlPlane = mean((r) => r.controlPlaneUsd);
    const slotShare = mean((r) => r.slotsWithin / slots.length);
    const requestShare = mean((r) => (r.requests > 0 ? r.within / r.requests : 1));
    const response = mean((r) => r.sumS / (r.requests - r.refused));
    const half = (ci95: number) => (Number.isFinite(ci95) ? ci95 : null);
    const capacity = slots.reduce((sum, slot) => sum + slot.capacity, 0);
    const result: ScenarioTotal = {
      requests: mean((r) => r.requests).value,
      refused: mean((r) => r.refused).value,
      rentUsd: rent.value,
      controlPlaneUsd: controlPlane.value,
      fluidBoundUsd: bound,
      rentOverBound: bound > 0 ? rent.value / bound : null,
      costOverBound: bound > 0 ? (rent.value + controlPlane.value) / bound : null,
      shareSlotsWithin: slotShare.value,
      shareRequestsWithin: requestShare.value,
      responseTimeS: summary(this.all),
      utilization: capacity > 0 ? slots.reduce((sum, slot) => sum + slot.work, 0) / capacity : 0,
      launches: slots.reduce((sum, slot) => sum + slot.launches, 0) / runs.length,
      infeasibleSlots: this.infeasibleSlots / runs.length,
      ci95: {
        rentUsd: half(rent.ci95),
        rentOverBound: bound > 0 ? half(rent.ci95 / bound) : null,
        shareSlotsWithin: half(slotShare.ci95),
        shareRequestsWithin: half(requestShare.ci95),
        responseTimeS: half(response.ci95),
      },
    };
    this.all.clear();
    return result;
  }

  /** λ x cheapest USD per unit of rate: no stable fleet costs less. */
  private boundUsd(k: number): number {
    return this.scenario.slots[k]!.arrivalRatePerS * this.slotS * this.cheapestUsdPerRequest;
  }
}

interface RunSums {
  requests: number;
  refused: number;
  within: number;
  rentUsd: number;
  controlPlaneUsd: number;
  slotsWithin: number;
  sumS: number;
}

class SlotSums {
  readonly responses = new DurationHistogram();
  readonly rentedS: number[];
  refused = 0;
  within = 0;
  rentUsd = 0;
  work = 0;
  capacity = 0;
  launches = 0;
  constructor(offers: number) {
    this.rentedS = new Array<number>(offers).fill(0);
  }
  addLedger(from: ReplicationResult['ledger']['slots'][number]): void {
    this.rentUsd += from.rentUsd;
    this.work += from.work;
    this.capacity += from.capacity;
    this.launches += from.launches;
    from.rentedS.forEach((s, i) => {
      this.rentedS[i] = this.rentedS[i]! + s;
    });
  }
}

function isWithin(responses: DurationHistogram, refused: number, sla: Scenario['sla']): boolean {
  const total = responses.count + refused;
  if (total === 0) return true;
  if (sla.indicator === 'mean') return refused === 0 && responses.mean <= sla.targetS;
  if (responses.count === 0) return false;
  const answered = responses.count * responses.shareWithin(sla.targetS);
  return answered / total >= (sla.indicator === 'p95' ? 0.95 : 0.99);
}

function summary(h: DurationHistogram): ResponseSummary {
  if (h.count === 0) return { mean: null, p95: null, p99: null };
  return { mean: h.mean, p95: h.quantile(0.95), p99: h.quantile(0.99) };
}
