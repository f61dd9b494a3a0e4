import { describe, expect, it } from 'vitest';
import { offersOf } from '../../../lib/adapters/local/process-provider.ts';
import { validate } from '../../../lib/cli/io.ts';
import { defaultGroups, defaultSlas } from '../../../lib/local/default-config.ts';
import { defaultLocalOffers, localOffersSchema } from '../../../lib/ports/contracts/local-offers.ts';
import { defaultTopology, topologySchema } from '../../../lib/ports/contracts/topology.ts';

const problemsOf = (schema: typeof topologySchema | typeof localOffersSchema, value: unknown): string => {
  try {
    validate(schema, value, 'the file');
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('topology', () => {
  it('is valid by default, and every default group can rent something in every geography', () => {
    expect(topologySchema.parse(defaultTopology)).toEqual(defaultTopology);
    expect(localOffersSchema.parse(defaultLocalOffers)).toEqual(defaultLocalOffers);
    expect(defaultSlas.map((sla) => sla.id)).toContain('default');
    for (const geography of defaultTopology.geographies) {
      const offers = offersOf(defaultLocalOffers, geography);
      expect(new Set(offers.map((offer) => offer.id)).size).toBe(offers.length);
      for (const group of defaultGroups) {
        expect(offers.some((offer) => offer.type.memoryMiB >= group.memoryMiB / 2)).toBe(true);
      }
    }
  });

  it('names each problem with its place, the value received and what is expected', () => {
    const centre = { id: 'a-1', networkMs: 0 };
    const geography = { id: 'europe', home: 'eu', dataCentres: [centre] };
    const topology = (...geographies: unknown[]) => ({ version: 1, geographies });
    expect(problemsOf(topologySchema, topology(geography))).toBe('');
    expect(problemsOf(topologySchema, topology(geography, { ...geography, home: 'us' }))).toMatch(
      /geographies\[1\]\.id: "europe" is named twice/,
    );
    expect(problemsOf(topologySchema, topology({ ...geography, dataCentres: [centre, centre] }))).toMatch(
      /dataCentres\[1\]\.id: "a-1" is named twice/,
    );
    expect(problemsOf(topologySchema, topology({ ...geography, dataCentres: [{ id: 'a-1', networkMs: -1 }] }))).toMatch(
      /networkMs.*received -1/,
    );
    expect(problemsOf(topologySchema, topology({ ...geography, timeZone: 'Mars/Base' }))).toMatch(/IANA/);
    expect(problemsOf(topologySchema, topology({ ...geography, home: 'EU.1' }))).toMatch(/received "EU.1"/);
    expect(problemsOf(topologySchema, topology())).toMatch(/at least one geography/);
    expect(problemsOf(topologySchema, { version: 2, geographies: [geography] })).toMatch(/version/);
  });
});

describe('offers', () => {
  it('are refused with negative, NaN or absurd numbers', () => {
    const type = { id: 'x.small', cores: 1, coreSpeed: 1, memoryMiB: 512, priceUsdPerHour: 1 };
    const file = (change: object) => ({ version: 1, types: [{ ...type, ...change }] });
    expect(problemsOf(localOffersSchema, file({}))).toBe('');
    for (const change of [
      { cores: 0 },
      { cores: 1.5 },
      { coreSpeed: -1 },
      { priceUsdPerHour: Number.NaN },
      { priceUsdPerHour: 1e9 },
      { memoryMiB: 1 },
      { bootS: -3 },
      { id: 'A B' },
      { surprise: true },
    ]) {
      expect(problemsOf(localOffersSchema, file(change)), JSON.stringify(change)).toMatch(/types\[0\]/);
    }
  });

  it('carry each data centre its price and distance', () => {
    const [home, far] = defaultTopology.geographies[0]!.dataCentres;
    const offers = offersOf(defaultLocalOffers, defaultTopology.geographies[0]!);
    const price = (dc: string) => offers.find((o) => o.type.id === 'local.small' && o.dataCentre === dc)!;
    expect(price(far!.id).priceUsdPerHour).toBeCloseTo(price(home!.id).priceUsdPerHour * far!.priceFactor, 12);
    expect(price(far!.id).networkMs).toBe(far!.networkMs);
  });
});
