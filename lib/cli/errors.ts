/** Exit codes of every `oaas` command; documented in docs/cli.md. */
export const ExitCode = {
  ok: 0,
  /** The command ran and failed (service not reachable, task failed, ...). */
  failure: 1,
  /** The command line or its input is wrong; nothing was done. */
  badInput: 2,
  /** The question has an answer and the answer is no: infeasible plan, unstable pool. */
  negative: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** An error whose message is meant for the person at the terminal: it is printed without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = ExitCode.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export const badInput = (message: string, cause?: unknown): CliError =>
  new CliError(message, ExitCode.badInput, cause === undefined ? undefined : { cause });
