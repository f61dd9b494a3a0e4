import type { ChoiceVm } from './choose-vm.ts';

/** Session tickets issued per VM, for an even spread of the first choice. */
export type SessionCredit = Map<string, number>;

/**
 * The VMs that a session ticket names: first by smooth weighted round robin, so that sessions spread over the pool in
 * proportion to service rate, then `candidates - 1` others drawn at random by service rate without replacement, so that
 * hand-offs spread too; the one drawn second comes last, where it keeps what nobody has room for. VMs without room come last or not at all.
 *
 * @param ids parallel to `vms`
 * @returns indices into `vms`, best first; empty when every VM is full
 */
export function sessionCandidates(
  vms: readonly ChoiceVm[],
  ids: readonly string[],
  candidates: number,
  credit: SessionCredit,
  random: () => number,
): number[] {
  const open: number[] = [];
  for (let i = 0; i < vms.length; i++) if (vms[i]!.present < vms[i]!.admissionLimit) open.push(i);
  if (open.length === 0) return [];
  const first = smoothRoundRobin(vms, ids, open, credit);
  const chosen = [first];
  const rest = open.filter((i) => i !== first);
  while (chosen.length < candidates && rest.length > 0) {
    let point = random() * rest.reduce((sum, i) => sum + vms[i]!.serviceRatePerS, 0);
    let pick = rest.length - 1;
    for (let k = 0; k < rest.length; k++) {
      point -= vms[rest[k]!]!.serviceRatePerS;
      if (point < 0) {
        pick = k;
        break;
      }
    }
    chosen.push(rest[pick]!);
    rest.splice(pick, 1);
  }
  // The last keeps what nobody has room for. Drawn last it would mostly be a slow VM: the one drawn second takes that place.
  if (chosen.length > 2) chosen.push(chosen.splice(1, 1)[0]!);
  return chosen;
}

/** Each turn every VM earns its weight; the richest is chosen and pays the whole turn's earnings. */
function smoothRoundRobin(
  vms: readonly ChoiceVm[],
  ids: readonly string[],
  open: readonly number[],
  credit: SessionCredit,
): number {
  let total = 0;
  let best = open[0]!;
  let bestCredit = -Infinity;
  for (const i of open) {
    const weight = vms[i]!.serviceRatePerS;
    const mine = (credit.get(ids[i]!) ?? 0) + weight;
    credit.set(ids[i]!, mine);
    total += weight;
    if (mine > bestCredit) {
      best = i;
      bestCredit = mine;
    }
  }
  credit.set(ids[best]!, bestCredit - total);
  return best;
}
