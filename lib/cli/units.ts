import { badInput } from './errors.ts';

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
