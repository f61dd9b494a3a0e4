import { InvalidArgumentError } from 'commander';

/** Parses a finite number above zero, for commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError(`received "${text}", expected a number above 0.`);
  }
  return value;
}

/** Parses a finite number of at least zero, for commander. */
export function nonNegativeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError(`received "${text}", expected a number of at least 0.`);
  }
  return value;
}

/** Parses a whole number of at least one, for commander. */
export function wholeNumber(text: string): number {
  const value = positiveNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError(`received "${text}", expected a whole number.`);
  return value;
}
