import { badInput } from './errors.ts';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a timer of Node.js can wait for; it fires at once when asked for more. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * Reads a duration such as `250ms`, `2s`, `10m` or `1h`.
 *
 * @param option named in the error
 * @param mostMs longest that is taken
 * @returns milliseconds
 * @throws CliError (exit 2) for anything else, zero and negative ones included
 */
export function parseDurationMs(text: string, option: string, mostMs = Number.POSITIVE_INFINITY): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/.exec(text.trim());
  const ms = match === null ? Number.NaN : Number(match[1]) * unitMs[match[2]!]!;
  if (!(ms > 0)) throw badInput(`${option} must be a duration such as 250ms, 2s, 10m or 1h, received ${text}`);
  if (ms > mostMs) {
    const unit = mostMs < unitMs.d! ? 'h' : 'd';
    throw badInput(`${option} must be at most ${Math.floor(mostMs / unitMs[unit]!)}${unit}, received ${text}`);
  }
  return ms;
}

/** Reads a number within bounds. */
export function parseNumber(
  text: string,
  option: string,
  bounds: { min: number; max: number; integer?: boolean },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = value >= bounds.min && value <= bounds.max && (!bounds.integer || Number.isInteger(value));
  if (!fits) {
    const kind = bounds.integer ? 'a whole number' : 'a number';
    throw badInput(`${option} must be ${kind} from ${bounds.min} to ${bounds.max}, received ${text}`);
  }
  return value;
}
