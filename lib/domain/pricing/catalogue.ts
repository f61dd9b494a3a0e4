import { asOf, table } from './catalogue-data.ts';

/** A VM type of the catalogue. */
export interface CatalogueType {
  /** EC2's name: "m7g.large". */
  name: string;
  vcpus: number;
  /** Physical cores: half the vCPUs where two of them share a core. A task runs on one core. */
  cores: number;
  memoryGib: number;
  architecture: 'x86_64' | 'arm64';
  /** Speed of one core; 1 is the reference core (Geekbench 6 single-core 1500, about a Graviton 3). */
  speed: number;
  /** On-demand USD per hour by region; regions without it are absent. */
  onDemandUsdPerHour: ReadonlyMap<string, number>;
  burstable?: Burstable;
}

/** What a burstable type does when it is kept busy: beyond its baseline every vCPU-hour is charged ("unlimited" mode). */
export interface Burstable {
  /** Share of each vCPU that the price covers. */
  baseline: number;
  surplusUsdPerVcpuHour: number;
}

export interface Catalogue {
  /** Date of the prices, ISO 8601. */
  asOf: string;
  regions: readonly string[];
  types: readonly CatalogueType[];
}

/** Amazon EC2 user guide, "Key concepts for burstable performance instances" and "Unlimited mode"; Linux. */
const baselineBySize: Readonly<Record<string, number>> = {
  nano: 0.05,
  micro: 0.1,
  small: 0.2,
  medium: 0.2,
  large: 0.3,
  xlarge: 0.4,
  '2xlarge': 0.4,
};
const surplusByFamily: Readonly<Record<string, number>> = { t3: 0.05, t3a: 0.05, t4g: 0.04 };

let parsed: Catalogue | undefined;

/** The committed price and speed table (sources: catalogue-data.ts; refreshed by scripts/catalogue.ts). */
export function catalogue(): Catalogue {
  parsed ??= parse();
  return parsed;
}

function parse(): Catalogue {
  const [header, ...lines] = table.trim().split('\n');
  const regions = header!.split(' ').slice(6);
  const types = lines.map((line): CatalogueType => {
    const [name, vcpus, cores, memoryGib, architecture, speed, ...prices] = line.split(' ');
    const [family, size] = name!.split('.');
    const surplus = surplusByFamily[family!];
    return {
      name: name!,
      vcpus: Number(vcpus),
      cores: Number(cores),
      memoryGib: Number(memoryGib),
      architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
      speed: Number(speed),
      onDemandUsdPerHour: new Map(
        prices.flatMap((price, i): [string, number][] => (price === '-' ? [] : [[regions[i]!, Number(price)]])),
      ),
      ...(surplus === undefined
        ? {}
        : { burstable: { baseline: baselineBySize[size!]!, surplusUsdPerVcpuHour: surplus } }),
    };
  });
  return { asOf, regions, types };
}

/**
 * USD per hour of a type kept busy all the time: the list price, and for a burstable type the surplus beyond its baseline.
 *
 * @returns undefined where the type is not offered
 */
export function sustainedUsdPerHour(type: CatalogueType, region: string): number | undefined {
  const list = type.onDemandUsdPerHour.get(region);
  if (list === undefined || type.burstable === undefined) return list;
  const { baseline, surplusUsdPerVcpuHour } = type.burstable;
  return list + (1 - baseline) * type.vcpus * surplusUsdPerVcpuHour;
}
