import { z } from 'zod';

/** A VM type that the local provider pretends to rent out; processes are held to its cores and speed. */
const localVmTypeSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,40}$/, 'must be lower-case letters, digits, "." and "-", such as local.small'),
  cores: z.number().int().positive().max(256),
  /** Per core, relative to the reference core; the cores of this machine count as 1. */
  coreSpeed: z.number().positive().max(100),
  memoryMiB: z.number().int().min(64).max(1_048_576),
  /** In a data centre with price factor 1. */
  priceUsdPerHour: z.number().positive().max(1_000),
  /** From launch to ready in real time; divided by `--speed-up`, as the slot is. */
  bootS: z.number().min(0).max(3_600).default(36),
  /** From stopped to ready; a third of `bootS` when absent. On-demand only. */
  startS: z.number().min(0).max(3_600).optional(),
  purchaseOption: z.enum(['on-demand', 'spot']).default('on-demand'),
  /** Data centres that have it; all when absent. */
  dataCentres: z.array(z.string()).min(1).optional(),
  /** Most machines per data centre before it answers "no capacity". */
  capacity: z.number().int().min(0).max(10_000).default(1_000),
});

/** `--offers FILE`. */
export const localOffersSchema = z.strictObject({
  version: z.literal(1),
  types: z.array(localVmTypeSchema).min(1, 'must name at least one VM type'),
});
export type LocalOffers = z.infer<typeof localOffersSchema>;

/** Small enough for two cores; dearer per capacity where one core is faster, so that the choice matters. */
export const defaultLocalOffers: LocalOffers = {
  version: 1,
  types: [
    localType('local.small', 1, 0.25, 512, 0.0105, 30),
    localType('local.medium', 1, 0.5, 1024, 0.022, 36),
    localType('local.large', 2, 0.5, 2048, 0.042, 45),
  ],
};

function localType(
  id: string,
  cores: number,
  coreSpeed: number,
  memoryMiB: number,
  priceUsdPerHour: number,
  bootS: number,
): LocalOffers['types'][number] {
  return { id, cores, coreSpeed, memoryMiB, priceUsdPerHour, bootS, purchaseOption: 'on-demand', capacity: 1_000 };
}
