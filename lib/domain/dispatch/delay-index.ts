/** What a dispatcher needs to know of a VM to compare it with others. */
export interface DispatchVm {
  /** Requests per second of one core. */
  coreRatePerS: number;
  /** min(cores, sharingLimit): tasks that progress at full core speed at once. */
  parallelism: number;
  /** Round trip between device and VM, seconds. */
  networkS: number;
}

/**
 * The delay that join-the-shortest-queue minimises, seconds: networkS + (n+1) / (min(n+1, c, N) μ_core), with n the number
 * present before the new request joins. With one core and equal speeds it orders VMs by n, which is plain JSQ; for different
 * speeds it is generalised JSQ (Selen, Adan, Kapodistria, arXiv 1509.05533).
 */
export function delayIndex(present: number, coreRatePerS: number, parallelism: number, networkS: number): number {
  const after = present + 1;
  return networkS + (after <= parallelism ? 1 : after / parallelism) / coreRatePerS;
}
