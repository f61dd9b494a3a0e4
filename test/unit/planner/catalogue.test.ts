import { describe, expect, it } from 'vitest';
import { catalogue, sustainedUsdPerHour } from '../../../lib/domain/pricing/catalogue.ts';
import { offersFromCatalogue } from '../../../lib/domain/pricing/offers.ts';
import { usefulCapacityPerS } from '../../../lib/domain/pricing/useful-capacity.ts';
import { predictMeanS } from '../../../lib/domain/queueing/predict.ts';

const { types, regions, asOf } = catalogue();
const type = (name: string) => types.find((t) => t.name === name)!;

describe('the catalogue', () => {
  it('holds every current type with facts that make sense', () => {
    expect(types.length).toBeGreaterThan(300);
    expect(regions.length).toBeGreaterThan(25);
    expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    for (const t of types) {
      expect(t.cores, t.name).toBeGreaterThanOrEqual(t.vcpus / 2);
      expect(t.cores, t.name).toBeLessThanOrEqual(t.vcpus);
      expect(t.speed, t.name).toBeGreaterThan(0.2);
      expect(t.speed, t.name).toBeLessThan(4);
      expect(t.onDemandUsdPerHour.size, t.name).toBeGreaterThan(0);
      for (const price of t.onDemandUsdPerHour.values()) expect(price, t.name).toBeGreaterThan(0);
    }
    expect(new Set(types.map((t) => t.name)).size).toBe(types.length);
  });

  it('counts two hyperthreads as one core, an Arm vCPU as a whole one', () => {
    expect(type('m6i.large')).toMatchObject({ vcpus: 2, cores: 1, architecture: 'x86_64' });
    expect(type('m7g.large')).toMatchObject({ vcpus: 2, cores: 2, architecture: 'arm64' });
  });

  it('prices a burstable type as kept busy: list price and surplus credits', () => {
    const nano = type('t4g.nano');
    const list = nano.onDemandUsdPerHour.get('us-east-1')!;
    // 5 % of two vCPUs are paid for, the rest costs $0.04 per vCPU-hour.
    expect(sustainedUsdPerHour(nano, 'us-east-1')).toBeCloseTo(list + 0.95 * 2 * 0.04, 12);
    expect(sustainedUsdPerHour(type('m7g.large'), 'us-east-1')).toBe(
      type('m7g.large').onDemandUsdPerHour.get('us-east-1'),
    );
    expect(sustainedUsdPerHour(nano, 'nowhere-1')).toBeUndefined();
  });

  it('makes offers that fit the app: memory, architecture, sharing limit, data centres', () => {
    const offers = offersFromCatalogue({
      regions: [
        { name: 'eu-west-1', networkS: 0.002 },
        { name: 'eu-central-1', networkS: 0.025 },
      ],
      demandS: 0.1,
      memoryGib: 8,
      architecture: 'arm64',
      requestMemoryGib: 1,
    });
    expect(offers.length).toBeGreaterThan(50);
    for (const offer of offers) {
      const t = type(offer.id.split('@')[0]!);
      expect(t.architecture).toBe('arm64');
      expect(t.memoryGib).toBeGreaterThanOrEqual(8);
      expect(offer.sharingLimit).toBeLessThanOrEqual(t.memoryGib);
      expect(offer.serviceRatePerS).toBeCloseTo((t.cores * t.speed) / 0.1, 9);
      expect(offer.networkS).toBe(offer.id.endsWith('eu-west-1') ? 0.002 : 0.025);
    }
  });
});

describe('useful capacity', () => {
  const offer = { id: 'x', serviceRatePerS: 50, cores: 1, sharingLimit: 16, priceUsdPerHour: 1, networkS: 0.005 };

  it('is μ - 1/(R - network) with one core', () => {
    expect(usefulCapacityPerS(offer, 0.035)).toBeCloseTo(50 - 1 / 0.03, 12);
    expect(usefulCapacityPerS(offer, 0.02)).toBe(0);
    expect(usefulCapacityPerS(offer, 0.004)).toBe(0);
  });

  it('is where the model just meets the target with several cores', () => {
    const cores = { ...offer, serviceRatePerS: 200, cores: 4 };
    const useful = usefulCapacityPerS(cores, 0.035);
    const mean = predictMeanS({ pool: [{ ...cores, count: 1 }], arrivalRatePerS: useful, policy: 'even' });
    expect(mean).toBeCloseTo(0.035, 9);
    expect(useful).toBeGreaterThan(4 * usefulCapacityPerS(offer, 0.035));
  });
});
