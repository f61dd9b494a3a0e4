import { describe, expect, it } from 'vitest';
import type { ComputeProvider, LaunchRequest, Offer } from '../../lib/ports/compute-provider.ts';
import { until } from '../support/local-process.ts';

export interface ProviderUnderTest {
  provider: ComputeProvider;
  /** An offer with room for exactly `capacity` machines. */
  scarce: { offer: Offer; capacity: number };
  /** An offer with room enough. */
  plenty: Offer;
  /** Whether its machines can be stopped and started again. */
  warm: boolean;
  stop(): Promise<void>;
}

/** What every provider of machines must do; one suite for the fake, process VMs and EC2. */
export function computeProviderContract(name: string, create: () => Promise<ProviderUnderTest>): void {
  const request = (offer: Offer, clientToken: string, count: number): LaunchRequest => ({
    clientToken,
    poolId: 'r1.small.default',
    epoch: 3,
    offer,
    count,
    sharingLimit: 4,
    queueLimit: 16,
    exact: true,
  });

  describe(`compute provider: ${name}`, () => {
    const withProvider = (test: (sut: ProviderUnderTest) => Promise<void>) => async () => {
      const sut = await create();
      try {
        await test(sut);
      } finally {
        await sut.stop();
      }
    };

    it(
      'lists what it offers, everything included in the price',
      withProvider(async ({ provider, plenty }) => {
        const offers = await provider.offers();
        expect(new Set(offers.map((offer) => offer.id)).size).toBe(offers.length);
        expect(offers.find((offer) => offer.id === plenty.id)).toEqual(plenty);
      }),
    );

    it(
      'launches once per client token, however often and at however many times it is asked',
      withProvider(async ({ provider, plenty }) => {
        const [a, b] = await Promise.all([
          provider.launch(request(plenty, 'token-1', 2)),
          provider.launch(request(plenty, 'token-1', 2)),
        ]);
        const again = await provider.launch(request(plenty, 'token-1', 2));
        expect(a.vmIds).toHaveLength(2);
        expect(new Set([...a.vmIds, ...b.vmIds, ...again.vmIds]).size).toBe(2);
        const other = await provider.launch(request(plenty, 'token-2', 1));
        expect((await provider.list()).vms).toHaveLength(3);
        expect(a.vmIds).not.toContain(other.vmIds[0]);
      }),
    );

    it(
      'lists machines with the tags they were launched under',
      withProvider(async ({ provider, plenty }) => {
        const { vmIds } = await provider.launch(request(plenty, 'token-1', 1));
        const vm = (await provider.list()).vms.find((listed) => listed.vmId === vmIds[0]);
        expect(vm).toMatchObject({ poolId: 'r1.small.default', epoch: 3, intentId: 'token-1', offerId: plenty.id });
        await until(async () => (await provider.list()).vms[0]?.state === 'running');
      }),
    );

    it(
      'gives what there is and says that there is no more',
      withProvider(async ({ provider, scarce }) => {
        const outcome = await provider.launch(request(scarce.offer, 'token-1', scarce.capacity + 2));
        expect(outcome).toMatchObject({ failure: 'no-capacity' });
        expect(outcome.vmIds.length).toBeLessThanOrEqual(scarce.capacity);
        expect(outcome.detail).not.toBeNull();
      }),
    );

    it(
      'takes stand-ins for an offer without capacity, or ignores them; either way it says as what each machine came',
      withProvider(async ({ provider, plenty, scarce }) => {
        const wanted = scarce.capacity + 2;
        const asked = { ...request(scarce.offer, 'token-1', wanted), standIns: [plenty] };
        const outcome = await provider.launch(asked);
        expect(outcome.failure).toBe(outcome.vmIds.length < wanted ? 'no-capacity' : null);
        const listed = new Map((await provider.list()).vms.map((vm) => [vm.vmId, vm.offerId]));
        for (const vmId of outcome.vmIds) expect(outcome.cameAs?.[vmId] ?? scarce.offer.id).toBe(listed.get(vmId));
        expect(outcome.noCapacity ?? []).not.toContain(plenty.id);
      }),
    );

    it(
      'stops machines and starts them again as the same ones, or says that it cannot',
      withProvider(async ({ provider, plenty, warm }) => {
        const { warmPool } = provider;
        expect(warmPool !== null).toBe(warm);
        expect((await provider.offers()).some((offer) => offer.startS !== undefined)).toBe(warm);
        if (warmPool === null) return;
        const { vmIds } = await provider.launch(request(plenty, 'token-1', 2));
        const stateOf = async (vmId: string) => (await provider.list()).vms.find((vm) => vm.vmId === vmId)?.state;
        await until(async () => (await stateOf(vmIds[0]!)) === 'running');
        await warmPool.stop([vmIds[0]!]);
        await warmPool.stop([vmIds[0]!]);
        await until(async () => (await stateOf(vmIds[0]!)) === 'stopped');
        expect(await stateOf(vmIds[1]!)).not.toBe('stopped');
        const started = await warmPool.start([vmIds[0]!]);
        expect(started).toMatchObject({ started: [vmIds[0]], failure: null });
        await until(async () => (await stateOf(vmIds[0]!)) === 'running');
        const listed = (await provider.list()).vms.find((vm) => vm.vmId === vmIds[0]);
        expect(listed).toMatchObject({ intentId: 'token-1', offerId: plenty.id });
        const lost = await warmPool.start(['vm-unknown']);
        expect(lost).toMatchObject({ started: [] });
        await warmPool.stop([vmIds[0]!]);
        await until(async () => (await stateOf(vmIds[0]!)) === 'stopped');
        await provider.terminate([vmIds[0]!]);
        await until(async () => (await stateOf(vmIds[0]!)) === 'terminated');
      }),
    );

    it(
      'ends machines for good; ending one twice or an unknown one is no error',
      withProvider(async ({ provider, plenty }) => {
        const { vmIds } = await provider.launch(request(plenty, 'token-1', 2));
        await provider.terminate([vmIds[0]!]);
        await provider.terminate([vmIds[0]!, 'vm-unknown']);
        const stateOf = async (vmId: string) => (await provider.list()).vms.find((vm) => vm.vmId === vmId)?.state;
        await until(async () => (await stateOf(vmIds[0]!)) === 'terminated');
        expect(await stateOf(vmIds[1]!)).not.toBe('terminated');
      }),
    );
  });
}
