import { createWriteStream } from 'node:fs';
import type { Log } from '../ports/log.ts';

export interface FileLog extends Log {
  close(): Promise<void>;
}

/** One JSON line per event, appended to a file; `echo` gets the lines too, for `--verbose`. */
export function createFileLog(file: string, nowMs: () => number, echo: ((line: string) => void) | null): FileLog {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  // A full disk must not take the system down with its log.
  stream.on('error', () => {});
  const write = (level: string, message: string, fields: Record<string, unknown> = {}): void => {
    const line = JSON.stringify({ at: new Date(nowMs()).toISOString(), level, message, ...fields });
    stream.write(`${line}\n`);
    echo?.(line);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}
