/** What went wrong, for programs. `task-failed`: the method itself threw, so no other place was tried. */
export type OffloadErrorCode =
  | 'task-failed'
  | 'outcome-unknown'
  | 'deadline-exceeded'
  | 'unavailable'
  | 'aborted'
  | 'closed'
  | 'invalid-request';

/** The only error the SDK throws on purpose; an error of the local implementation passes through unchanged. */
export class OffloadError extends Error {
  override readonly name = 'OffloadError';
  readonly code: OffloadErrorCode;
  /** Type of the RFC 9457 problem that caused it, e.g. `task-failed`. */
  readonly problem: string | null;

  constructor(code: OffloadErrorCode, message: string, options?: { problem?: string | null; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problem = options?.problem ?? null;
  }
}
