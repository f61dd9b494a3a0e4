import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LaunchSettings, outdatedIn, type RentedAs, releasable } from '../../../lib/domain/scaling/outdated.ts';

const vm: RentedAs = {
  type: { id: 'c7g.large', memoryMiB: 4096 },
  purchaseOption: 'spot',
  sharingLimit: 8,
  queueLimit: 16,
  exact: false,
};
const now: LaunchSettings = {
  instanceTypes: ['c7g.*', 'm7g.large'],
  purchaseOptions: ['on-demand', 'spot'],
  sharingLimit: 8,
  queueLimit: 16,
  exact: false,
  appMemoryMiB: 512,
};

describe('outdatedIn', () => {
  it('finds nothing in a machine that the group would launch again', () => {
    expect(outdatedIn(vm, now)).toEqual([]);
    expect(outdatedIn(vm, { ...now, instanceTypes: ['*'] })).toEqual([]);
  });

  it.each<[Partial<LaunchSettings>, string]>([
    [{ instanceTypes: ['m7g.*', 'c8g.large'] }, 'c7g.large, now m7g.*, c8g.large'],
    [{ purchaseOptions: ['on-demand'] }, 'spot, now on-demand'],
    [{ sharingLimit: 4 }, 'sharing limit 8, now 4'],
    [{ queueLimit: 0 }, 'queue limit 16, now 0'],
    [{ exact: true }, 'reports of dispatch without it, now by true occupancy'],
    [{ appMemoryMiB: 8192 }, '4096 MiB, now 8192 MiB a task'],
  ])('names what differs: %o', (change, reason) => {
    expect(outdatedIn(vm, { ...now, ...change })).toEqual([reason]);
  });
});

describe('releasable', () => {
  const capacity = fc.record({
    count: fc.integer({ min: 0, max: 6 }),
    serviceRatePerS: fc.integer({ min: 1, max: 9 }),
  });
  const old = fc
    .array(
      fc.record({ serviceRatePerS: fc.integer({ min: 1, max: 9 }), priceUsdPerHour: fc.integer({ min: 1, max: 9 }) }),
      {
        maxLength: 8,
      },
    )
    .map((vms) => vms.map((each, i) => ({ ...each, vmId: `vm-${i}`, offerId: 'a' })));
  const rate = (groups: readonly { count?: number; serviceRatePerS: number }[]) =>
    groups.reduce((sum, group) => sum + (group.count ?? 1) * group.serviceRatePerS, 0);
  const size = (groups: readonly { count: number }[]) => groups.reduce((sum, group) => sum + group.count, 0);

  it('keeps rate and number of the planned fleet, lets no more be released, and everything once the successors suffice', () => {
    fc.assert(
      fc.property(old, fc.array(capacity), fc.array(capacity), (vms, successors, planned) => {
        const released = releasable(vms, successors, planned);
        const rest = vms.filter((each) => !released.includes(each));
        const keepsPlan = (left: typeof vms) =>
          rate(left) + rate(successors) >= rate(planned) && left.length + size(successors) >= size(planned);
        if (released.length > 0) expect(keepsPlan(rest)).toBe(true);
        for (const each of rest) expect(keepsPlan(rest.filter((other) => other !== each))).toBe(false);
        if (keepsPlan([])) expect(rest).toEqual([]);
      }),
      { seed: 1 },
    );
  });
});
