/** Limits of an app bundle, enforced where it is registered and again where it is extracted. */
export const bundleLimits = {
  /** The zip itself. */
  maxZipBytes: 32 * 1024 * 1024,
  /** What extraction may produce in all, whatever the zip says about itself. */
  maxExtractedBytes: 256 * 1024 * 1024,
  maxFiles: 5_000,
  maxPathLength: 255,
} as const;
