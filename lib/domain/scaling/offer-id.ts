/** The identity of what a VM was rented as: `c7g.large@eu-west-1/spot`. */
export function offerIdOf(vm: {
  type: { id: string };
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
}): string {
  return `${vm.type.id}@${vm.dataCentre}/${vm.purchaseOption}`;
}

/** Whether a type's name matches one of the group's patterns, exact or with `*`. */
export function matchesPattern(patterns: readonly string[], typeId: string): boolean {
  return patterns.some((pattern) => {
    const source = pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${source}$`).test(typeId);
  });
}
