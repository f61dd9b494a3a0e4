import { open } from 'node:fs/promises';
import { badInput, CliError } from '../errors.ts';

export interface CsvFile {
  /** Writes and closes. @returns why it could not: by then there are results that must be shown all the same */
  write(content: () => string): Promise<CliError | null>;
}

/**
 * Opened before a run, so that one of an hour is not made for nothing.
 *
 * @param file undefined: nothing is written
 * @throws CliError (exit 2) when it cannot be written
 */
export async function openCsv(file: string | undefined): Promise<CsvFile> {
  if (file === undefined) return { write: async () => null };
  // Without truncating it: a run that does not come about leaves the last one's lines.
  const handle = await open(file, 'a').catch((cause: Error) => {
    throw badInput(`cannot write ${file}: ${cause.message}`, cause);
  });
  await handle.close();
  return {
    async write(content) {
      try {
        const target = await open(file, 'w');
        await target.writeFile(content()).finally(() => target.close());
        return null;
      } catch (cause) {
        return new CliError(`cannot write ${file}: ${(cause as Error).message}`, undefined, { cause });
      }
    },
  };
}
