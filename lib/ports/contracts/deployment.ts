import { z } from 'zod';
import { idSchema } from './config.ts';
import { geographiesSchema } from './topology.ts';

/** An Android x86-64 system image, a zip of Google's SDK repository, and how its bytes are known again. */
const systemImageSchema = z
  .strictObject({
    systemImageUrl: z.url({ protocol: /^https$/ }),
    sizeBytes: z.int().positive().optional(),
    sha1: z
      .string()
      .regex(/^[0-9a-f]{40}$/, 'must be a SHA-1 in lower-case hex')
      .optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex')
      .optional(),
  })
  .refine(
    ({ sizeBytes, sha1, sha256 }) => sha256 !== undefined || (sha1 !== undefined && sizeBytes !== undefined),
    'needs sha256, or sha1 and sizeBytes as Google lists them',
  );
export type SystemImage = z.infer<typeof systemImageSchema>;

/**
 * Android 8.0 (API 26) without Google's apps, revision 1: one file system, no modules. Size and hash as Google's
 * https://dl.google.com/android/repository/sys-img/android/sys-img2-3.xml lists them.
 */
export const pinnedSystemImage: SystemImage = {
  systemImageUrl: 'https://dl.google.com/android/repository/sys-img/android/x86_64-26_r01.zip',
  sizeBytes: 474_178_332,
  sha1: '432f149c048bffce7f9de526ec65b336daf7a0a3',
};

/**
 * The `oaas` value of cdk.json's context: what is deployed where. Validated by `parseDeployment`, which names every fault.
 */
export const deploymentSchema = z
  .strictObject({
    /** Prefix of every physical name and value of the owner tag. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,20}$/, 'must be 2-21 lower-case letters, digits or "-"')
      .default('oaas'),
    geographies: geographiesSchema,
    /** VM-type groups with a controller function of their own; other groups are served by the classifier. */
    groups: z.array(idSchema).min(1).default(['general']),
    slotMinutes: z.number().int().min(1).max(60).default(10),
    /** How long before a slot the scaler runs until launches were measured, then their p90 (request to first heartbeat). */
    bootLeadS: z.number().int().min(0).max(540).default(90),
    image: z
      .strictObject({
        architectures: z
          .array(z.enum(['x86_64', 'arm64']))
          .min(1)
          .default(['x86_64', 'arm64']),
        /** System image that the Dalvik/ART runtime of x86-64 images comes from; null: none, APKs are translated. */
        art: systemImageSchema.nullable().default(pinnedSystemImage),
      })
      .prefault({}),
    deviceAuth: z
      .discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('jwt'),
          issuer: z.url({ protocol: /^https$/ }),
          audience: z.array(z.string().min(1)).min(1),
        }),
        /** For trials: keys are rows of the configuration table. */
        z.strictObject({ kind: z.literal('api-key') }),
      ])
      .default({ kind: 'api-key' }),
    /** Steady requests per second per stage route before API Gateway answers 429. */
    throttleRatePerS: z.number().int().positive().max(10_000).default(1_000),
    alarmEmail: z.email().optional(),
  })
  .superRefine((deployment, context) => {
    const isRegion = (id: string) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(id);
    deployment.geographies.forEach((geography, i) => {
      const notRegion = (path: (string | number)[], id: string) => {
        if (!isRegion(id))
          context.addIssue({
            code: 'custom',
            path: ['geographies', i, ...path],
            message: `"${id}" is not an AWS region such as eu-central-1`,
          });
      };
      notRegion(['home'], geography.home);
      for (const [j, place] of geography.dataCentres.entries()) notRegion(['dataCentres', j, 'id'], place.id);
    });
    if (deployment.bootLeadS >= deployment.slotMinutes * 60) {
      context.addIssue({
        code: 'custom',
        path: ['bootLeadS'],
        message: `must be shorter than a slot of ${deployment.slotMinutes} minutes`,
      });
    }
  });
export type Deployment = z.infer<typeof deploymentSchema>;
