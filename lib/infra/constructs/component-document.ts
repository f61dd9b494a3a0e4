/**
 * An Image Builder component document (AWSTOE, schema version 1.0), as far as our components use it: CloudFormation takes any text, and
 * only a build would tell. Source: EC2 Image Builder user guide, "Use the AWSTOE component document framework" and "Action modules".
 */
import { z } from 'zod';

/** Longest document that CreateComponent takes inline. */
export const maxDocumentLength = 16_000;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,127}$/, 'must be a name of letters, digits, "_" and "-"');
/** `{{ ... }}` is a reference to another step, a parameter or a loop; we use none, so any is a slip of a shell script. */
const text = z
  .string()
  .min(1)
  .refine((value) => !value.includes('{{'), 'must not contain "{{": AWSTOE takes it for a reference');

const common = {
  name,
  /** Default 7,200; -1: no limit. */
  timeoutSeconds: z.int().min(-1).optional(),
  onFailure: z.enum(['Abort', 'Continue', 'Ignore']).optional(),
  maxAttempts: z.int().positive().optional(),
};

const stepSchema = z.discriminatedUnion('action', [
  z.strictObject({
    ...common,
    action: z.literal('ExecuteBash'),
    inputs: z.strictObject({ commands: z.array(text).min(1) }),
  }),
  z.strictObject({
    ...common,
    action: z.literal('S3Download'),
    inputs: z
      .array(
        z.strictObject({
          source: text.regex(/^s3:\/\/[^/]+\/.+$/, 'must be s3://bucket/key'),
          destination: text.regex(/^\//, 'must be an absolute path'),
          expectedBucketOwner: z
            .string()
            .regex(/^\d{12}$/)
            .optional(),
          overwrite: z.boolean().optional(),
        }),
      )
      .min(1),
  }),
]);

const unique = (items: readonly { name: string }[]): boolean => new Set(items.map((i) => i.name)).size === items.length;

export const componentDocumentSchema = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  schemaVersion: z.literal(1),
  phases: z
    .array(
      z.strictObject({
        name: z.enum(['build', 'validate', 'test']),
        steps: z.array(stepSchema).min(1).refine(unique, 'step names must be unique within a phase'),
      }),
    )
    .min(1)
    .refine(unique, 'phase names must be unique'),
});
export type ComponentDocument = z.infer<typeof componentDocumentSchema>;
export type ComponentStep = z.infer<typeof stepSchema>;
