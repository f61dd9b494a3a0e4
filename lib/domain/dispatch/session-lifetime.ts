/** While machines of the pool start, a ticket that does not name them is good for this share of the usual time. */
const unsettledShare = 1 / 4;

/**
 * How long a session ticket is good for, seconds. It names the machines of its moment, and fleets change by the slot: a ticket that
 * outlived the slot would keep its holder from machines that were rented for it.
 *
 * @param lifetimeS the group's own
 * @param slotS length of a slot; infinite where no scaler changes the fleet
 * @param starting machines of the pool that will take work soon
 */
export function sessionLifetimeS(lifetimeS: number, slotS: number, starting: number): number {
  return Math.min(lifetimeS, slotS) * (starting > 0 ? unsettledShare : 1);
}
