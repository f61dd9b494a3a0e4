import { badInput } from './errors.ts';

/** Parses a JSON option. @throws CliError (exit 2) with the text received */
export function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
    throw badInput(
      `${option} must be JSON (quote it for the shell), received ${shown}: ${(cause as Error).message}`,
      cause,
    );
  }
}
