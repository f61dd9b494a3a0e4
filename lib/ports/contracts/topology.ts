import { z } from 'zod';

/** Ids of AWS regions and data centres appear in pool ids, which are split at dots. */
const placeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, 'must be lower-case letters, digits and "-", such as eu-central-1');

const dataCentreSchema = z.strictObject({
  id: placeSchema,
  /** Round trip between the geography's home region and this data centre. */
  networkMs: z.number().min(0).max(2_000),
  /** Prices here relative to the catalogue's. */
  priceFactor: z.number().positive().max(100).default(1),
});

const geographySchema = z
  .strictObject({
    /** e.g. `europe`. */
    id: placeSchema,
    /** Home AWS region: where the endpoint is, and the region's id everywhere else. */
    home: placeSchema,
    /** Local time that demand follows, an IANA name. */
    timeZone: z.string().max(60).default('UTC').refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
    /** AWS regions in which the scaler may rent. */
    dataCentres: z.array(dataCentreSchema).min(1, 'must name at least one data centre'),
  })
  .superRefine((geography, context) => {
    duplicates(geography.dataCentres.map((d) => d.id)).forEach(({ value, index }) => {
      context.addIssue({ code: 'custom', path: ['dataCentres', index, 'id'], message: `"${value}" is named twice` });
    });
  });

/** Geographies, their endpoints and where each may rent; `cdk.json` context on AWS, `--topology FILE` on one machine. */
export const topologySchema = z
  .strictObject({
    version: z.literal(1),
    geographies: z.array(geographySchema).min(1, 'must name at least one geography'),
  })
  .superRefine((topology, context) => {
    for (const field of ['id', 'home'] as const) {
      duplicates(topology.geographies.map((g) => g[field])).forEach(({ value, index }) => {
        const message = `"${value}" is named twice; each geography needs its own ${field}`;
        context.addIssue({ code: 'custom', path: ['geographies', index, field], message });
      });
    }
  });
export type Topology = z.infer<typeof topologySchema>;
export type Geography = Topology['geographies'][number];

function duplicates(values: readonly string[]): { value: string; index: number }[] {
  return values.map((value, index) => ({ value, index })).filter(({ value, index }) => values.indexOf(value) < index);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** What `oaas start` uses without `--topology`. */
export const defaultTopology: Topology = {
  version: 1,
  geographies: [
    {
      id: 'europe',
      home: 'eu-central-1',
      timeZone: 'Europe/Berlin',
      dataCentres: [
        { id: 'eu-central-1', networkMs: 0, priceFactor: 1 },
        { id: 'eu-north-1', networkMs: 24, priceFactor: 0.8 },
      ],
    },
    {
      id: 'north-america',
      home: 'us-east-1',
      timeZone: 'America/New_York',
      dataCentres: [
        { id: 'us-east-1', networkMs: 0, priceFactor: 0.95 },
        { id: 'us-east-2', networkMs: 12, priceFactor: 0.85 },
      ],
    },
  ],
};
