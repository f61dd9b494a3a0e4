import { afterEach, describe, expect, it } from 'vitest';
import { createEc2World, ec2Offer, far, launchOf, near } from '../../support/ec2-world.ts';
import { branch, leaf, list, subnetOf, tagsFor } from '../../support/fake-ec2.ts';

const large = ec2Offer('c7g.large');
const other = ec2Offer('c6a.large', { type: { id: 'c6a.large', cores: 2, coreSpeed: 1.1, memoryMiB: 4096 } });
const spot = ec2Offer('c7g.large', { purchaseOption: 'spot' });

type World = Awaited<ReturnType<typeof createEc2World>>;
const worlds: World[] = [];
/** For tests in which somebody does not answer. */
const impatientMs = 1_500;

async function world(budgetMs?: number): Promise<World> {
  const made = await createEc2World([large, other, spot], budgetMs);
  worlds.push(made);
  return made;
}
afterEach(() => {
  for (const made of worlds.splice(0)) made.stop();
});

const zones = ['a', 'b', 'c'].map((z) => subnetOf(near, z));
const exhaust = ({ ec2 }: World, typeId: string, room = 0) => {
  for (const subnet of zones) ec2.capacity.set(`${typeId}@${subnet}`, room);
};

describe('a launch of a single on-demand type', () => {
  it('is RunInstances with the intent as ClientToken, our template and our tags, without user data', async () => {
    const { provider, callsOf } = await world();
    const outcome = await provider.launch(launchOf(large, 'intent-1', 2));
    expect(outcome).toMatchObject({
      failure: null,
      vmIds: [expect.stringMatching(/^i-.+-eu-central-1$/), expect.anything()],
    });
    expect(callsOf('CreateFleet')).toEqual([]);
    const [call, ...more] = callsOf('RunInstances');
    expect(more).toEqual([]);
    expect(call!.parameters).toMatchObject({
      ClientToken: 'intent-1',
      MinCount: '1',
      MaxCount: '2',
      InstanceType: 'c7g.large',
      LaunchTemplate: { LaunchTemplateName: 'oaas-europe-arm64', Version: '$Default' },
    });
    expect(call!.parameters.UserData).toBeUndefined();
    expect(Object.fromEntries(tagsFor(call!, 'instance'))).toMatchObject({
      'oaas-owner': 'oaas',
      'oaas-region': near,
      'oaas-pool': 'eu-central-1.general.default',
      'oaas-epoch': '3',
      'oaas-intent': 'intent-1',
      'oaas-endpoint': 'https://api.example.org',
    });
    // An on-demand launch that tags a spot request is refused by EC2.
    expect(list(branch(call!.parameters, 'TagSpecification')).map((s) => leaf(s, 'ResourceType'))).toEqual([
      'instance',
      'volume',
    ]);
  });

  it('takes what each zone has and asks the next for the rest, with a token of its own', async () => {
    const { provider, ec2, callsOf } = await world();
    ec2.capacity.set(`c7g.large@${zones[0]}`, 2);
    ec2.capacity.set(`c7g.large@${zones[1]}`, 0);
    const outcome = await provider.launch(launchOf(large, 'intent-1', 5));
    expect(outcome).toMatchObject({ failure: null });
    expect(outcome.vmIds).toHaveLength(5);
    expect(callsOf('RunInstances').map((c) => [c.parameters.ClientToken, c.parameters.MaxCount])).toEqual([
      ['intent-1', '5'],
      ['intent-1.1', '3'],
      ['intent-1.2', '3'],
    ]);
  });

  it('says how many came when all zones together have too few', async () => {
    const made = await world();
    exhaust(made, 'c7g.large', 1);
    const outcome = await made.provider.launch(launchOf(large, 'intent-1', 5));
    expect(outcome).toMatchObject({ failure: 'no-capacity', noCapacity: [large.id] });
    expect(outcome.vmIds).toHaveLength(3);
    expect(outcome.detail).toMatch(/had 1 of 5/);
  });

  it('repeated by another process launches nothing more, in the same order of zones or another', async () => {
    const made = await world();
    made.ec2.capacity.set(`c7g.large@${zones[0]}`, 2);
    const first = await made.provider.launch(launchOf(large, 'intent-1', 4));
    const again = await made.create().launch(launchOf(large, 'intent-1', 4));
    expect(again.vmIds).toEqual(first.vmIds);
    // This process set the first zone aside: the second one would come first, which EC2 refuses under the same token.
    const reordered = await made.provider.launch(launchOf(large, 'intent-1', 4));
    expect(new Set(reordered.vmIds)).toEqual(new Set(first.vmIds));
    expect(made.ec2.instances.size).toBe(4);
  });
});

describe('a launch of several types', () => {
  it('is one CreateFleet over all zones, by priority, a template per architecture', async () => {
    const { provider, callsOf } = await world();
    const outcome = await provider.launch(launchOf(large, 'intent-1', 3, [other]));
    expect(outcome).toMatchObject({ failure: null, cameAs: {}, noCapacity: [] });
    expect(callsOf('RunInstances')).toEqual([]);
    const [call] = callsOf('CreateFleet');
    expect(call!.parameters).toMatchObject({ Type: 'instant', ClientToken: 'intent-1' });
    const configs = list(branch(call!.parameters, 'LaunchTemplateConfigs'));
    const overrides = configs.map((config) => ({
      template: leaf(branch(config, 'LaunchTemplateSpecification'), 'LaunchTemplateName'),
      types: list(branch(config, 'Overrides')).map((o) => `${leaf(o, 'InstanceType')} ${Number(leaf(o, 'Priority'))}`),
    }));
    expect(overrides).toEqual([
      { template: 'oaas-europe-arm64', types: Array(3).fill('c7g.large 0') },
      { template: 'oaas-europe-x86_64', types: Array(3).fill('c6a.large 1') },
    ]);
  });

  it('says which machines came as another type, tags them as such, and who had no capacity', async () => {
    const made = await world();
    made.ec2.capacity.set(`c7g.large@${zones[0]}`, 1);
    made.ec2.capacity.set(`c7g.large@${zones[1]}`, 0);
    made.ec2.capacity.set(`c7g.large@${zones[2]}`, 0);
    const outcome = await made.provider.launch(launchOf(large, 'intent-1', 3, [other]));
    expect(outcome).toMatchObject({ failure: null, noCapacity: [large.id] });
    const others = Object.entries(outcome.cameAs ?? {});
    expect(others.map(([, offerId]) => offerId)).toEqual([other.id, other.id]);
    const { vms } = await made.provider.list();
    expect(vms.map((vm) => vm.offerId).sort()).toEqual([other.id, other.id, large.id]);
    const tags = [...made.ec2.instances.values()].map((i) => [i.type, i.tags.get('oaas-core-speed')]);
    expect(tags).toContainEqual(['c6a.large', '1.1']);
    expect(tags).toContainEqual(['c7g.large', '1']);
  });

  it('tries each type only in zones that still had it, the cheapest zone first, and costs what those do', async () => {
    const zonePrices = { [`${near}a`]: 0.04, [`${near}b`]: 0.03, [`${near}c`]: 0.035, [`${near}x`]: 0.001 };
    const zoned = { ...spot, zonePricesUsdPerHour: zonePrices, priceUsdPerHour: 0.001 };
    const made = await createEc2World([zoned, large]);
    worlds.push(made);
    const { provider, ec2, callsOf } = made;
    const tried = () => {
      const [config] = list(branch(callsOf('CreateFleet').at(-1)!.parameters, 'LaunchTemplateConfigs'));
      return list(branch(config!, 'Overrides')).map((o) => leaf(o, 'SubnetId').at(-1));
    };
    const price = async () => (await provider.offers()).map((offer) => offer.priceUsdPerHour);
    // Of the zone that we have no subnet in, nobody rents.
    expect(await price()).toEqual([0.03, large.priceUsdPerHour]);
    ec2.capacity.set(`c7g.large@${zones[1]}`, 1);
    expect(await provider.launch(launchOf(zoned, 'intent-1', 2))).toMatchObject({ failure: null, noCapacity: [] });
    expect(tried()).toEqual(['b', 'c', 'a']);
    // The cheapest zone is set aside: the next one's price, and no override for it.
    expect(await price()).toEqual([0.035, large.priceUsdPerHour]);
    await provider.launch(launchOf(zoned, 'intent-2', 1));
    expect(tried()).toEqual(['c', 'a']);
    const { vms } = await provider.list();
    expect(vms.map((vm) => vm.zone).sort()).toEqual([`${near}b`, `${near}c`, `${near}c`]);
    made.advance(180_001);
    expect(await price()).toEqual([0.03, large.priceUsdPerHour]);
  });

  it('has no capacity when all zones that are left have none', async () => {
    const made = await world();
    made.ec2.capacity.set(`c7g.large@${zones[0]}`, 0);
    await made.provider.launch(launchOf(spot, 'intent-1', 1));
    exhaust(made, 'c7g.large');
    const outcome = await made.provider.launch(launchOf(spot, 'intent-2', 1));
    expect(outcome).toMatchObject({ failure: 'no-capacity', noCapacity: [spot.id] });
  });

  it('spot is a fleet too, priced by capacity, and never by priority', async () => {
    const { provider, callsOf } = await world();
    await provider.launch(launchOf(spot, 'intent-1', 1));
    const [call] = callsOf('CreateFleet');
    expect(call!.parameters.SpotOptions).toEqual({ AllocationStrategy: 'price-capacity-optimized' });
    expect(JSON.stringify(call!.parameters)).not.toContain('Priority');
    expect((await provider.list()).vms[0]).toMatchObject({ offerId: spot.id });
  });

  it('repeated after its stand-ins changed is answered by what it launched', async () => {
    const { provider, create, ec2 } = await world();
    const first = await provider.launch(launchOf(large, 'intent-1', 2, [other]));
    const again = await create().launch(launchOf(large, 'intent-1', 2, []));
    const changed = await create().launch(launchOf(large, 'intent-1', 2, [ec2Offer('m7g.large')]));
    for (const { vmIds } of [again, changed]) expect(new Set(vmIds)).toEqual(new Set(first.vmIds));
    expect(ec2.instances.size).toBe(2);
  });
});

describe('zones without capacity', () => {
  it('are left out for minutes, and tried again then', async () => {
    const made = await world();
    made.ec2.capacity.set(`c7g.large@${zones[0]}`, 0);
    await made.provider.launch(launchOf(large, 'intent-1', 1));
    await made.provider.launch(launchOf(large, 'intent-2', 1));
    const subnets = () => made.callsOf('RunInstances').map((c) => c.parameters.SubnetId);
    expect(subnets()).toEqual([zones[0], zones[1], zones[1]]);
    made.advance(200_000);
    await made.provider.launch(launchOf(large, 'intent-3', 1));
    expect(subnets().slice(3)).toEqual([zones[0], zones[1]]);
  });
});

describe('a launch that fails', () => {
  it.each([
    ['InsufficientInstanceCapacity', 'no-capacity'],
    ['RequestLimitExceeded', 'throttled'],
    ['VcpuLimitExceeded', 'quota'],
    ['InvalidAMIID.NotFound', 'bad-image'],
    ['UnauthorizedOperation', 'unauthorised'],
    ['InternalError', 'no-answer'],
    ['SomethingNew', 'unknown'],
  ])('with %s is %s, by RunInstances and by CreateFleet', async (code, failure) => {
    const { provider, ec2 } = await world();
    ec2.fail('RunInstances', code);
    ec2.fail('CreateFleet', code);
    expect(await provider.launch(launchOf(large, 'a', 1))).toMatchObject({ vmIds: [], failure });
    expect(await provider.launch(launchOf(large, 'b', 1, [other]))).toMatchObject({ vmIds: [], failure });
  });

  it('has no answer when the data centre hangs or refuses the connection', async () => {
    const { provider, ec2 } = await world(impatientMs);
    await provider.launch(launchOf(large, 'a', 1));
    ec2.silent.add(near);
    expect(await provider.launch(launchOf(large, 'b', 1))).toMatchObject({ vmIds: [], failure: 'no-answer' });
    ec2.stop();
    const farAway = ec2Offer('c7g.large', { dataCentre: far });
    expect(await provider.launch(launchOf(farAway, 'c', 1))).toMatchObject({ vmIds: [], failure: 'no-answer' });
  });
});

describe('listing', () => {
  it('reads every page of every data centre, and says which one does not answer', async () => {
    const { provider, ec2 } = await world(impatientMs);
    await provider.launch(launchOf(large, 'a', 3));
    await provider.launch(launchOf(ec2Offer('c7g.large', { dataCentre: far }), 'b', 2));
    expect((await provider.list()).vms).toHaveLength(5);
    ec2.silent.add(far);
    const { vms, unknown } = await provider.list();
    expect(vms).toHaveLength(3);
    expect(unknown).toEqual([{ dataCentre: far, reason: expect.stringContaining(`${impatientMs} ms`) }]);
    ec2.silent.add(near);
    await expect(provider.list()).rejects.toThrow(/no data centre answers/);
  });
});

describe('ending machines', () => {
  it('goes on where one is unknown to EC2, and says where it could not', async () => {
    const { provider, ec2 } = await world(impatientMs);
    const { vmIds } = await provider.launch(launchOf(large, 'a', 2));
    const away = await provider.launch(launchOf(ec2Offer('c7g.large', { dataCentre: far }), 'b', 1));
    await provider.terminate([`i-00000000000000fff-${near}`, ...vmIds]);
    ec2.silent.add(far);
    await expect(provider.terminate([...vmIds, ...away.vmIds])).rejects.toThrow(/eu-north-1/);
    expect([...ec2.instances.values()].map((i) => i.state)).toEqual(['terminated', 'terminated', 'running']);
  });
});

describe('the warm pool', () => {
  it('starts all that there is capacity for, one call where it goes', async () => {
    const { provider, ec2, callsOf } = await world();
    const { vmIds } = await provider.launch(launchOf(large, 'a', 4));
    await provider.warmPool!.stop(vmIds);
    expect(await provider.warmPool!.start(vmIds)).toMatchObject({ failure: null, started: vmIds });
    expect(callsOf('StartInstances')).toHaveLength(1);
    await provider.warmPool!.stop(vmIds);
    ec2.capacity.set(`c7g.large@${zones[0]}`, 3);
    const outcome = await provider.warmPool!.start(vmIds);
    expect(outcome.failure).toBe('no-capacity');
    expect(outcome.started).toHaveLength(3);
    expect([...ec2.instances.values()].filter((i) => i.state === 'running')).toHaveLength(3);
  });

  it('is for on-demand offers: spot has no start time and EC2 does not stop it', async () => {
    const { provider } = await world();
    expect((await provider.offers()).map((offer) => [offer.purchaseOption, offer.startS !== undefined])).toEqual([
      ['on-demand', true],
      ['on-demand', true],
      ['spot', false],
    ]);
    const { vmIds } = await provider.launch(launchOf(spot, 'a', 1));
    await expect(provider.warmPool!.stop(vmIds)).rejects.toThrow(/spot/);
  });

  it('has no answer from a data centre that hangs, and starts the others', async () => {
    const { provider, ec2 } = await world(impatientMs);
    const here = await provider.launch(launchOf(large, 'a', 1));
    const there = await provider.launch(launchOf(ec2Offer('c7g.large', { dataCentre: far }), 'b', 1));
    const both = [...here.vmIds, ...there.vmIds];
    await provider.warmPool!.stop(both);
    ec2.silent.add(far);
    expect(await provider.warmPool!.start(both)).toMatchObject({ started: here.vmIds, failure: 'no-answer' });
  });
});
