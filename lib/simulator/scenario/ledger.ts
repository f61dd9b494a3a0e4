import { type Billing, chargesOf } from './billing.ts';

/** What one slot of one replication cost and used, apart from its response times. */
export interface SlotLedger {
  arrivals: number;
  rentUsd: number;
  work: number;
  /** Capacity of the serving VMs over the slot, requests. */
  capacity: number;
  /** VM-seconds rented, by offer. */
  rentedS: number[];
  launches: number;
}

/**
 * Books rent and use of one replication into its slots. Time before the first slot is not billed. Rent of a minute or an hour
 * begun belongs to the slots it spans; what it spans beyond the last slot belongs to the last one, as that is when it was ordered.
 */
export class Ledger {
  readonly slots: SlotLedger[];
  private readonly slotS: number;
  private readonly billing: Billing;

  constructor(slots: number, slotS: number, offers: number, billing: Billing) {
    this.slotS = slotS;
    this.billing = billing;
    this.slots = Array.from({ length: slots }, () => ({
      arrivals: 0,
      rentUsd: 0,
      work: 0,
      capacity: 0,
      rentedS: new Array<number>(offers).fill(0),
      launches: 0,
    }));
  }

  launched(atS: number): void {
    this.at(atS).launches++;
  }

  /** A VM has ended, or the simulation has while it ran (`stillRunning`: then it is charged for the time that was simulated). */
  rented(launchS: number, endS: number, offer: number, priceUsdPerHour: number, stillRunning: boolean): void {
    this.spread(launchS, endS, (slot, shareS) => {
      slot.rentedS[offer] = slot.rentedS[offer]! + shareS;
    });
    if (stillRunning) {
      this.spread(launchS, endS, (slot, shareS) => {
        slot.rentUsd += (shareS / 3600) * priceUsdPerHour;
      });
      return;
    }
    for (const charge of chargesOf(launchS, endS, priceUsdPerHour, this.billing)) {
      const usdPerS = charge.usd / (charge.toS - charge.fromS);
      this.spread(charge.fromS, charge.toS, (slot, shareS) => {
        slot.rentUsd += shareS * usdPerS;
      });
    }
  }

  /** Capacity that served from `fromS` to `toS`; both lie in one slot. */
  used(fromS: number, toS: number, capacityPerS: number, work: number): void {
    if (toS <= 0) return;
    const slot = this.at((fromS + toS) / 2);
    slot.capacity += capacityPerS * (toS - fromS);
    slot.work += work;
  }

  private at(timeS: number): SlotLedger {
    return this.slots[Math.min(this.slots.length - 1, Math.max(0, Math.floor(timeS / this.slotS)))]!;
  }

  private spread(fromS: number, toS: number, book: (slot: SlotLedger, shareS: number) => void): void {
    const last = this.slots.length - 1;
    let from = Math.max(0, fromS);
    while (from < toS - 1e-9) {
      const k = Math.min(last, Math.floor(from / this.slotS + 1e-9));
      const to = k === last ? toS : Math.min(toS, (k + 1) * this.slotS);
      book(this.slots[k]!, to - from);
      from = to;
    }
  }
}
