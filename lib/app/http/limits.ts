/** Largest bodies accepted, bytes. */
export const bodyLimits = {
  placement: 16 * 1024,
  /** API Gateway and Lambda carry 6 MB; base64 and framing come on top. */
  invocation: 4 * 1024 * 1024,
  config: 256 * 1024,
} as const;
