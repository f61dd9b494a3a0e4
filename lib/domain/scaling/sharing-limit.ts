/** Most tasks per core at once: more only adds context switches and memory. */
const tasksPerCore = 4;

/**
 * N of a VM: the group's own, else at most four per core and never more than fit into its memory.
 *
 * @param appMemoryMiB the most that one task of the pool's apps may use
 */
export function sharingLimitOf(
  vm: { cores: number; memoryMiB: number },
  appMemoryMiB: number,
  groupLimit: number | null,
): number {
  const byMemory = Math.max(1, Math.floor(vm.memoryMiB / appMemoryMiB));
  return Math.min(byMemory, groupLimit ?? tasksPerCore * vm.cores);
}
