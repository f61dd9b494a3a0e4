/**
 * The delay that join-the-shortest-queue minimises, seconds: networkS + (n+1) / (min(n+1, c, N) μ_core), with n the number
 * present before the new request joins. With one core and equal speeds it orders VMs by n, which is plain JSQ; for different
 * speeds it is generalised JSQ (Selen, Adan, Kapodistria, arXiv 1509.05533).
 *
 * @param present requests at the VM now, in service and waiting
 * @param coreRatePerS requests per second of one core
 * @param parallelism min(cores, sharingLimit): tasks that progress at full core speed at once
 * @param networkS round trip between device and VM, seconds
 */
export function delayIndex(present: number, coreRatePerS: number, parallelism: number, networkS: number): number {
  const after = present + 1;
  return networkS + (after <= parallelism ? 1 : after / parallelism) / coreRatePerS;
}
