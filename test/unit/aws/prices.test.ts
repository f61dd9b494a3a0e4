import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { PricingClient } from '@aws-sdk/client-pricing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchOnDemandPrices, pricingApiRegion } from '../../../lib/adapters/aws/prices/on-demand.ts';
import { fetchSpotPrices } from '../../../lib/adapters/aws/prices/spot.ts';
import { createOfferBook } from '../../../lib/app/prices/offer-book.ts';
import { type PriceSource, refreshPrices } from '../../../lib/app/prices/refresh-prices.ts';
import { mergePrices, type PriceBook, type PriceEntry } from '../../../lib/domain/pricing/price-book.ts';
import { catalogueBook, rentedOffers } from '../../../lib/domain/pricing/rented-offers.ts';
import { atOpenZones, priceIn } from '../../../lib/domain/pricing/zone-prices.ts';
import { createEc2World, near } from '../../support/ec2-world.ts';

const entry = (usdPerHour: number, overrides: Partial<PriceEntry> = {}): PriceEntry => ({
  instanceType: 'c7g.large',
  region: near,
  purchaseOption: 'on-demand',
  usdPerHour,
  confirmedAtMs: 1_000,
  ...overrides,
});
const key = `c7g.large@${near}/on-demand`;
const bookOf = (...entries: PriceEntry[]): PriceBook => mergePrices({ entries: {}, setAside: [] }, entries);
const quiet = { info() {}, warn() {}, error() {} };

describe('the price book', () => {
  it('keeps the last good price, with its age, where none or none that can be was received', () => {
    const before = bookOf(entry(0.08));
    for (const received of [[], [entry(0, { confirmedAtMs: 2_000 })], [entry(Number.NaN, { confirmedAtMs: 2_000 })]]) {
      expect(mergePrices(before, received).entries[key]).toEqual(entry(0.08));
    }
    expect(mergePrices(before, [entry(0.09, { confirmedAtMs: 2_000 })]).entries[key]).toMatchObject({
      usdPerHour: 0.09,
      confirmedAtMs: 2_000,
    });
  });

  it('sets a jump of more than 5x aside, up or down, reports it, and believes it the second time', () => {
    const before = bookOf(entry(0.08));
    for (const wrong of [0.41, 0.015]) {
      const after = mergePrices(before, [entry(wrong)]);
      expect(after.entries[key]?.usdPerHour).toBe(0.08);
      expect(after.setAside).toEqual([{ key, lastGoodUsdPerHour: 0.08, receivedUsdPerHour: wrong }]);
      expect(mergePrices(after, [entry(wrong * 1.01)]).entries[key]?.usdPerHour).toBe(wrong * 1.01);
      // Another wild value is another fault, not a confirmation.
      expect(mergePrices(after, [entry(wrong * 40)]).entries[key]?.usdPerHour).toBe(0.08);
    }
    expect(mergePrices(before, [entry(0.39)]).setAside).toEqual([]);
  });

  it('prices an offer with the public IPv4 address and the disk, and offers spot only where its price is known', () => {
    const book = bookOf(
      entry(0.08),
      entry(0.03, { purchaseOption: 'spot' }),
      entry(0.1, { instanceType: 'm7g.large' }),
    );
    const offers = rentedOffers(book, { id: near, networkMs: 7, bootS: 90, startS: 30 }, ['arm64']);
    const price = (id: string) => offers.find((offer) => offer.id === id)?.priceUsdPerHour;
    const included = 0.005 + (8 * 0.08) / 730;
    expect(price(key)).toBeCloseTo(0.08 + included, 4);
    expect(price(`c7g.large@${near}/spot`)).toBeCloseTo(0.03 + included, 4);
    expect(price(`m7g.large@${near}/spot`)).toBeUndefined();
    expect(offers.map((offer) => [offer.purchaseOption, offer.startS])).toContainEqual(['spot', undefined]);
    expect(rentedOffers(book, { id: near, networkMs: 7, bootS: 90, startS: 30 }, ['x86_64'])).toEqual([]);
  });
});

describe('spot in the book', () => {
  const place = { id: near, networkMs: 7, bootS: 90, startS: 30 };
  const spotOf = (usdPerHour: number, zone?: string) =>
    entry(usdPerHour, { purchaseOption: 'spot', ...(zone === undefined ? {} : { zone }) });
  const offered = (book: PriceBook) => rentedOffers(book, place, ['arm64']).filter((o) => o.purchaseOption === 'spot');

  it('is one offer per type, at its cheapest zone, that knows what each zone costs', () => {
    const [offer, ...more] = offered(bookOf(entry(0.08), spotOf(0.034, 'a'), spotOf(0.029, 'b'), spotOf(0.05, 'c')));
    expect(more).toEqual([]);
    const included = 0.005 + (8 * 0.08) / 730;
    expect(offer?.priceUsdPerHour).toBeCloseTo(0.029 + included, 4);
    expect(offer?.zonePricesUsdPerHour?.a).toBeCloseTo(0.034 + included, 4);
    expect(Object.keys(offer?.zonePricesUsdPerHour ?? {})).toEqual(['a', 'b', 'c']);
    const withoutB = atOpenZones(offer!, (zone) => zone !== 'b');
    expect(withoutB.priceUsdPerHour).toBe(offer?.zonePricesUsdPerHour?.a);
    expect(atOpenZones(offer!, () => false).priceUsdPerHour).toBe(offer?.priceUsdPerHour);
    expect([priceIn(offer!, 'c'), priceIn(offer!, 'x')]).toEqual([
      offer!.zonePricesUsdPerHour!.c,
      offer!.priceUsdPerHour,
    ]);
  });

  it('keeps a region’s price of an earlier version until zones have theirs, and compares their first with it', () => {
    const before = bookOf(spotOf(0.03));
    expect(offered(before)[0]).not.toHaveProperty('zonePricesUsdPerHour');
    const wrong = mergePrices(before, [spotOf(0.00001, 'a')]);
    expect(wrong.setAside).toEqual([
      { key: `c7g.large@${near}/spot#a`, lastGoodUsdPerHour: 0.03, receivedUsdPerHour: 0.00001 },
    ]);
    expect(offered(wrong)).toEqual(offered(before));
    const after = mergePrices(before, [spotOf(0.035, 'a'), spotOf(0.04, 'b')]);
    expect(Object.keys(offered(after)[0]?.zonePricesUsdPerHour ?? {})).toEqual(['a', 'b']);
    expect(offered(after)[0]!.priceUsdPerHour).toBeGreaterThan(offered(before)[0]!.priceUsdPerHour);
    // A zone that jumps is set aside by itself.
    const jumped = mergePrices(after, [spotOf(0.4, 'a'), spotOf(0.041, 'b')]);
    expect(jumped.setAside.map((fault) => fault.key)).toEqual([`c7g.large@${near}/spot#a`]);
    expect(jumped.entries[`c7g.large@${near}/spot#b`]?.usdPerHour).toBe(0.041);
  });
});

describe('a refresh', () => {
  const memoryStore = (books = new Map<string, PriceBook>()) => ({
    books,
    read: async (place: string) => books.get(place) ?? null,
    write: async (place: string, book: PriceBook) => void books.set(place, book),
  });
  const source = (name: string, dataCentre: string, fetch: PriceSource['fetch']): PriceSource => ({
    name,
    dataCentre,
    fetch,
  });

  it('merges what came into each data centre, keeps the rest, and says which source failed', async () => {
    const store = memoryStore();
    const far = 'eu-north-1';
    const outcome = await refreshPrices({
      sources: [
        source('on-demand', near, async () => [entry(0.0801, { confirmedAtMs: 5_000 })]),
        source('spot', near, async () => Promise.reject(new Error('throttled'))),
        source('on-demand', far, async () => Promise.reject(new Error('no answer'))),
      ],
      store,
      firstBook: catalogueBook,
      log: quiet,
    });
    expect(outcome).toEqual({ received: 1, failedSources: [`spot ${near}`, `on-demand ${far}`], setAside: [] });
    expect(store.books.get(near)?.entries[key]).toMatchObject({ usdPerHour: 0.0801, confirmedAtMs: 5_000 });
    // Everything else of the first book stays, as old as the catalogue is.
    expect(Object.keys(store.books.get(near)?.entries ?? {})).toHaveLength(
      Object.keys(catalogueBook(near).entries).length,
    );
    expect(store.books.has(far)).toBe(false);
  });

  it('is what offers are made of, from the catalogue until then, and their age is known', async () => {
    const store = memoryStore();
    let nowMs = Date.parse('2026-11-22T00:00:00Z');
    const offers = createOfferBook({
      store,
      dataCentres: [{ id: near, networkMs: 0 }],
      architectures: ['arm64'],
      bootS: 90,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      log: quiet,
    });
    const listPrice = async () => (await offers.ready()).find((offer) => offer.id === key)!.priceUsdPerHour;
    const first = await listPrice();
    expect(first).toBeCloseTo(catalogueBook(near).entries[key]!.usdPerHour + 0.0059, 6);
    expect(offers.ageHours()).toBeGreaterThan(0);
    store.books.set(near, mergePrices(catalogueBook(near), [entry(first * 1.1, { confirmedAtMs: nowMs })]));
    nowMs += 601_000;
    await listPrice();
    await expect.poll(listPrice, { timeout: 60_000 }).toBeCloseTo(first * 1.1 + 0.0059, 6);
    expect(offers.ageHours()).toBeLessThan(1);
    // A store that fails later changes nothing.
    store.read = async () => Promise.reject(new Error('no answer'));
    nowMs += 601_000;
    await listPrice();
    expect(await listPrice()).toBeCloseTo(first * 1.1 + 0.0059, 6);
  });
});

describe('spot prices', () => {
  it('are read page by page, one for every type and zone, the newest of each', async () => {
    const world = await createEc2World([]);
    world.ec2.spotPrices.push(
      { type: 'c7g.large', zone: `${near}a`, usdPerHour: '0.034' },
      { type: 'c7g.large', zone: `${near}b`, usdPerHour: '0.029' },
      { type: 'c7g.large', zone: `${near}b`, usdPerHour: '0.027' },
      { type: 'c7g.large', zone: `${near}c`, usdPerHour: '0' },
      { type: 'm7g.large', zone: `${near}a`, usdPerHour: '0.041' },
    );
    const types = new Set(['c7g.large', 'm7g.large', ...Array.from({ length: 120 }, (_, i) => `x${i}.large`)]);
    const entries = await fetchSpotPrices(world.client(near), near, types, 7_000);
    expect(entries).toEqual([
      entry(0.034, { purchaseOption: 'spot', zone: `${near}a`, confirmedAtMs: 7_000 }),
      entry(0.029, { purchaseOption: 'spot', zone: `${near}b`, confirmedAtMs: 7_000 }),
      entry(0.041, { purchaseOption: 'spot', zone: `${near}a`, confirmedAtMs: 7_000, instanceType: 'm7g.large' }),
    ]);
    // At most 100 types a call.
    const asked = world
      .callsOf('DescribeSpotPriceHistory')
      .map((c) => Object.keys(c.parameters.InstanceType ?? {}).length);
    expect(Math.max(...asked)).toBe(100);
    world.stop();
  });
});

describe('on-demand prices', () => {
  const asked: { NextToken?: string; Filters: { Field: string; Value: string }[] }[] = [];
  const product = (instanceType: string, usd: string, unit = 'Hrs') =>
    JSON.stringify({
      product: { attributes: { instanceType } },
      terms: { OnDemand: { t: { priceDimensions: { d: { unit, pricePerUnit: { USD: usd } } } } } },
    });
  const pages = [
    { PriceList: [product('c7g.large', '0.0776'), 'not JSON', product('x9.huge', '9')], NextToken: 'second' },
    { PriceList: [product('m7g.large', '0.0976'), '{"product":{}}', product('c7g.xlarge', '0', 'Hrs')] },
  ];
  const server = createServer(async (request, response) => {
    asked.push((await json(request)) as (typeof asked)[number]);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify(pages[asked.length - 1]));
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it('are read from every page of GetProducts; documents of another form are skipped', async () => {
    const client = new PricingClient({
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const types = new Set(['c7g.large', 'm7g.large', 'c7g.xlarge']);
    const entries = await fetchOnDemandPrices(client, 'eu-north-1', types, 9_000);
    expect(entries.map((e) => [e.instanceType, e.region, e.usdPerHour, e.confirmedAtMs])).toEqual([
      ['c7g.large', 'eu-north-1', 0.0776, 9_000],
      ['m7g.large', 'eu-north-1', 0.0976, 9_000],
    ]);
    expect(asked.map((body) => body.NextToken)).toEqual([undefined, 'second']);
    expect(asked[0]!.Filters).toContainEqual(expect.objectContaining({ Field: 'regionCode', Value: 'eu-north-1' }));
    client.destroy();
  });

  it('come from a region that has the Pricing API, the nearest by name', () => {
    expect(['us-west-2', 'eu-north-1', 'ap-northeast-1', 'sa-east-1'].map(pricingApiRegion)).toEqual([
      'us-east-1',
      'eu-central-1',
      'ap-south-1',
      'us-east-1',
    ]);
  });
});
