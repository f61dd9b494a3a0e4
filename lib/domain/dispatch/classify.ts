/** What an app needs of a VM. */
export interface Requirements {
  runtime: string;
  os: string;
  memoryMiB: number;
  vcpus: number;
}

/** What a VM-type group offers, and what a unit of it costs. */
export interface GroupOffer {
  id: string;
  runtimes: readonly string[];
  os: string;
  memoryMiB: number;
  vcpus: number;
  /** USD per hour of its cheapest type; null when not known. */
  priceUsdPerHour: number | null;
}

/**
 * The cheapest group that serves the requirements; where prices are equal or unknown the smallest adequate one.
 *
 * @returns null when none serves
 */
export function cheapestGroup<G extends GroupOffer>(needs: Requirements, groups: readonly G[]): G | null {
  let best: G | null = null;
  for (const group of groups) {
    if (serves(group, needs) && (best === null || before(group, best))) best = group;
  }
  return best;
}

const serves = (group: GroupOffer, needs: Requirements): boolean =>
  group.runtimes.includes(needs.runtime) &&
  group.os === needs.os &&
  group.memoryMiB >= needs.memoryMiB &&
  group.vcpus >= needs.vcpus;

function before(a: GroupOffer, b: GroupOffer): boolean {
  const price = (group: GroupOffer) => group.priceUsdPerHour ?? Infinity;
  if (price(a) !== price(b)) return price(a) < price(b);
  if (a.vcpus !== b.vcpus) return a.vcpus < b.vcpus;
  if (a.memoryMiB !== b.memoryMiB) return a.memoryMiB < b.memoryMiB;
  return a.id < b.id;
}
