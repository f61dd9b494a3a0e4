import { z } from 'zod';
import { idSchema } from './config.ts';
import { geographiesSchema } from './topology.ts';

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
        /**
         * Dalvik/ART runtime on x86-64 images, from a pinned Android x86-64 system image (a zip of Google's SDK repository).
         * Absent: none.
         */
        art: z
          .strictObject({
            systemImageUrl: z.url({ protocol: /^https$/ }),
            sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
          })
          .optional(),
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
