import { z } from 'zod';

/** Name of the file in the data directory (`--data DIR`, default `.oaas`); written with mode 0600, it holds keys. */
export const systemFileName = 'system.json';
/** Default data directory, relative to the working directory. */
export const defaultDataDir = '.oaas';

/**
 * What `oaas start` writes once every endpoint listens, and removes when it stops: how commands and the SDK find a
 * system that runs on this machine.
 */
export const systemFileSchema = z.object({
  version: z.literal(1),
  /** Main process; a reader that finds it gone treats the system as stopped. */
  pid: z.number().int().positive(),
  startedAtMs: z.number(),
  regions: z
    .array(
      z.object({
        /** e.g. `eu-central-1`, the home region. */
        id: z.string(),
        geography: z.string(),
        /** http://127.0.0.1:PORT without a trailing slash. */
        endpoint: z.url(),
      }),
    )
    .min(1),
  /** URL of the live page, its key in the fragment; absent in files of earlier versions. */
  page: z.url().optional(),
  /** Bearer tokens of the two scopes that a person uses. */
  keys: z.object({ device: z.string().min(1), admin: z.string().min(1) }),
});
export type SystemFile = z.infer<typeof systemFileSchema>;
