import type { Context } from 'hono';
import type { z } from 'zod';
import type { Problem } from '../../ports/contracts/problem.ts';
import { problem } from '../problem.ts';
import { invalidRequest, show, validateDocument } from '../validation.ts';
import { nestedDeeperThan } from './nesting.ts';

/** Far above what data needs, far below where stringifying it overflows the stack. */
const deepest = 1_000;

export type Body<T> = { ok: true; value: T } | { ok: false; problem: Problem };

/** Reads a body of at most `limitBytes`; one that says or turns out to be longer is not read to its end. */
export const readBytes = (c: Context, limitBytes: number): Promise<Body<Uint8Array>> =>
  whole(async () => {
    const tooLarge = (bytes: string): Body<never> => ({
      ok: false,
      problem: problem('body-too-large', `the body has ${bytes} bytes, at most ${limitBytes} are allowed`),
    });
    const declared = c.req.header('content-length');
    if (declared !== undefined) {
      if (Number(declared) > limitBytes) return tooLarge(declared);
      return { ok: true, value: new Uint8Array(await c.req.arrayBuffer()) };
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of c.req.raw.body ?? []) {
      length += chunk.length;
      if (length > limitBytes) return tooLarge(`more than ${limitBytes}`);
      chunks.push(chunk);
    }
    return { ok: true, value: Buffer.concat(chunks) };
  });

/** Reading fails only where the client goes away or is cut off meanwhile: nothing for the log, and nobody to read the answer. */
async function whole<T>(read: () => Promise<Body<T>>): Promise<Body<T>> {
  try {
    return await read();
  } catch (error) {
    const detail = `the body ended before it was complete (${(error as Error).message}); send it again`;
    return { ok: false, problem: problem('invalid-request', detail) };
  }
}

/** Reads, parses and validates a JSON body; every offending field is named with the value received. */
export async function readJson<S extends z.ZodType>(
  c: Context,
  schema: S,
  limitBytes: number,
): Promise<Body<z.output<S>>> {
  const parsed = await readJsonValue(c, limitBytes);
  if (!parsed.ok) return parsed;
  const checked = validateDocument(schema, parsed.value);
  if (!checked.ok) return { ok: false, problem: invalidRequest('the request is not valid', checked.problems) };
  return checked;
}

export async function readJsonValue(c: Context, limitBytes: number): Promise<Body<unknown>> {
  const type = c.req.header('content-type');
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    return {
      ok: false,
      problem: problem('unsupported-media-type', `content-type ${show(type)} is not JSON; send application/json`),
    };
  }
  const text = await readText(c, limitBytes);
  if (!text.ok) return text;
  if (nestedDeeperThan(text.value, deepest)) {
    const detail = `the body's values are nested deeper than ${deepest} levels; received ${show(text.value)}; send them flatter`;
    return { ok: false, problem: problem('invalid-request', detail) };
  }
  try {
    return { ok: true, value: JSON.parse(text.value) };
  } catch (error) {
    const detail = `the body is not valid JSON (${(error as Error).message}); received ${show(text.value)}`;
    return { ok: false, problem: problem('invalid-request', detail) };
  }
}

async function readText(c: Context, limitBytes: number): Promise<Body<string>> {
  const declared = c.req.header('content-length');
  if (declared !== undefined && Number(declared) <= limitBytes)
    return whole(async () => ({ ok: true, value: await c.req.text() }));
  const bytes = await readBytes(c, limitBytes);
  return bytes.ok ? { ok: true, value: Buffer.from(bytes.value).toString('utf8') } : bytes;
}
