/** The identity of what a VM was rented as: `c7g.large@eu-west-1/spot`. */
export function offerIdOf(vm: {
  type: { id: string };
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
}): string {
  return `${vm.type.id}@${vm.dataCentre}/${vm.purchaseOption}`;
}

/** Whether a type's name matches one of the group's patterns, exact or with `*`. */
export const matchesPattern = (patterns: readonly string[], typeId: string): boolean =>
  patterns.some((pattern) => matches(pattern, typeId));

/** Not a regular expression: one of thirty stars backtracks for minutes. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
