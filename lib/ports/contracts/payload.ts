import { z } from 'zod';

/**
 * Arguments, state and results travel as opaque bytes with a type (homogeneous model: only the app understands them).
 * JSON values are carried inline so that the common case is neither escaped nor base64-coded.
 */
export const payloadSchema = z.union([
  z.strictObject({ type: z.literal('application/json'), json: z.unknown() }),
  z.strictObject({ type: z.string().min(1).max(200), base64: z.base64() }),
]);
export type Payload = z.infer<typeof payloadSchema>;
