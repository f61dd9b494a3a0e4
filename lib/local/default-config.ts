import { groupSchema, type Sla, slaSchema, type VmTypeGroup } from '../ports/contracts/config.ts';

/** Agreements of a new local system; `default` holds where a request and its app name none. */
export const defaultSlas: readonly Sla[] = [
  slaSchema.parse({ id: 'default', indicator: 'mean', targetMs: 800 }),
  slaSchema.parse({ id: 'tight', indicator: 'mean', targetMs: 350 }),
  slaSchema.parse({ id: 'loose', indicator: 'mean', targetMs: 3_000 }),
];

/** VM-type groups of a new local system: small enough for a laptop. */
export const defaultGroups: readonly VmTypeGroup[] = [
  groupSchema.parse({
    id: 'node-small',
    runtimes: ['node'],
    memoryMiB: 512,
    vcpus: 1,
    instanceTypes: ['local.*'],
    maxVms: 8,
    maxUsdPerHour: 1,
  }),
  groupSchema.parse({
    id: 'node-large',
    runtimes: ['node'],
    memoryMiB: 2_048,
    vcpus: 2,
    instanceTypes: ['local.large'],
    dispatch: { mode: 'exact' },
    minVms: 0,
    maxVms: 4,
    maxUsdPerHour: 1,
  }),
  groupSchema.parse({
    id: 'jvm-small',
    runtimes: ['jvm', 'art'],
    memoryMiB: 1_024,
    vcpus: 2,
    instanceTypes: ['local.medium', 'local.large'],
    minVms: 0,
    maxVms: 4,
    maxUsdPerHour: 1,
  }),
];
