/**
 * The IoT paper's generation of EC2 types. `coreScore` is PassMark's single-thread mark, one run per type (Spare Cores
 * sc-inspector-data, 2024-09, CC BY-SA 4.0; all x86, hence comparable); `baselineShare` is what one vCPU of a burstable type may use
 * once its CPU credits are gone (AWS documentation of T2).
 */
export interface InstanceType {
  name: string;
  cores: number;
  coreScore: number;
  baselineShare: number;
}

export const INSTANCE_TYPES: readonly InstanceType[] = [
  { name: 't2.nano', cores: 1, coreScore: 1666, baselineShare: 0.05 },
  { name: 't2.micro', cores: 1, coreScore: 1689, baselineShare: 0.1 },
  { name: 't2.small', cores: 1, coreScore: 1717, baselineShare: 0.2 },
  { name: 't2.medium', cores: 2, coreScore: 1811, baselineShare: 0.2 },
  { name: 't2.large', cores: 2, coreScore: 1633, baselineShare: 0.3 },
  { name: 'm4.4xlarge', cores: 16, coreScore: 1677, baselineShare: 1 },
  { name: 'm4.10xlarge', cores: 40, coreScore: 1824, baselineShare: 1 },
];

/** The core that measured runs are scaled from: m7i.large, whose CPU (Sapphire Rapids) is a common one of today's clouds. */
export const REFERENCE_CORE_SCORE = 2612;
