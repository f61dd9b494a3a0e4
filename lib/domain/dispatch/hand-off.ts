/** One task waits for the core, the next is handed on. */
export const defaultThreshold = 2;

/**
 * Tasks present from which on a VM hands a session's request to the ticket's next candidate: `threshold` on one core, one more for
 * every further core, so that a VM of a mixed pool first uses the cores it has.
 *
 * @param parallelism min(cores, N): tasks that progress at full core speed at once
 */
export const handOffAt = (threshold: number, parallelism: number): number => threshold + parallelism - 1;
