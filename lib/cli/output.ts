/** What becomes of a command when its output cannot be written: the reader of a pipe has gone, the disk is full. */
import { ExitCode } from './errors.ts';

let endsWithReader = true;

/**
 * `oaas ... | head` ends well, since the reader has seen enough; any other fault of standard output is said and ends the command.
 * Faults of standard error are nothing that could be said anywhere.
 */
export function guardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!endsWithReader) return;
    if (error.code !== 'EPIPE') process.stderr.write(`oaas: cannot write to standard output: ${error.message}\n`);
    process.exit(error.code === 'EPIPE' ? ExitCode.ok : ExitCode.failure);
  });
  process.stderr.on('error', () => {});
}

/** For commands that must clean up: after Ctrl-C on `oaas start | tee log` the reader is gone before the system has stopped. */
export function outliveReader(): void {
  endsWithReader = false;
}
