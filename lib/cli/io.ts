import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { show, validateDocument } from '../app/validation.ts';
import { badInput } from './errors.ts';

/** Options that every command reading a JSON document shares. */
export interface DocumentOptions {
  file?: string;
}

/**
 * Reads a JSON document from `--file` (or standard input when absent or `-`) and validates it.
 *
 * @throws CliError (exit 2) naming the file, and for each problem the offending field, the value received and what is expected.
 */
export async function readDocument<S extends z.ZodType>(schema: S, options: DocumentOptions): Promise<z.output<S>> {
  const source = options.file === undefined || options.file === '-' ? 'standard input' : options.file;
  const raw = await readSource(options.file);
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (cause) {
    throw badInput(`${source} is not valid JSON: ${(cause as Error).message}`, cause);
  }
  return validate(schema, value, source);
}

/** Text of `--file`, or of standard input when absent or `-`. */
export async function readSource(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw badInput(`cannot read ${file}: ${(cause as Error).message}`, cause);
    }
  }
  const piped = nothingPiped() ? '' : await text(process.stdin);
  if (piped.trim() === '') throw badInput('no input: pass --file FILE or pipe a JSON document to standard input');
  return piped;
}

/** Whether standard input is a terminal, /dev/null or closed: nobody sent a document. */
export function nothingPiped(): boolean {
  try {
    return process.stdin.isTTY === true || fstatSync(0).isCharacterDevice();
  } catch {
    return true;
  }
}

/** Validates a value, reporting every problem at once with its path and the value received. */
export function validate<S extends z.ZodType>(schema: S, value: unknown, source: string): z.output<S> {
  const checked = validateDocument(schema, value);
  if (checked.ok) return checked.value;
  const lines = checked.problems.map((p) => `  ${p.field}: ${p.message} (received ${show(p.received)})`);
  throw badInput(
    `${source} has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}:\n${lines.join('\n')}`,
  );
}

export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function writeLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Text that somebody else wrote, without what would steer the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '?');

/**
 * Left-aligned text table; columns whose cells all look like numbers are right-aligned. Fits what it is given, adds no colour.
 *
 * @param given one string per column and row, same length as `header`.
 */
export function table(header: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((cells) => cells.map(printable));
  const widths = header.map((h, i) => Math.max(h.length, ...rows.map((r) => (r[i] ?? '').length)));
  const numeric = header.map(
    (_, i) =>
      rows.length > 0 && rows.every((r) => /^[-+$]?[\d.,]+(%|x| ?[a-z]{1,3}(\/[a-z]+)?)?$|^-?$/i.test(r[i] ?? '')),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n');
}
