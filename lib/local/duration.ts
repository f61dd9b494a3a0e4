import { badInput } from '../cli/errors.ts';

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `20s`, `10m`, `1500ms`, `1h` → milliseconds. @throws CliError with the value received and examples */
export function parseDurationMs(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const value = match ? Number(match[1]) * unitMs[match[2]!]! : Number.NaN;
  if (!(value > 0)) throw badInput(`${option} must be a duration such as 20s or 10m, received "${text}"`);
  return value;
}
