import type { Payload } from '../../../lib/ports/contracts/payload.ts';

const binary = 'application/octet-stream';

/** Arguments as a surrogate gives them to the method: bytes alone are its only argument, whether in an array or not. @throws TypeError as below */
export function encodeArguments(args: unknown): Payload {
  const [only] = Array.isArray(args) && args.length === 1 ? args : [args];
  return encodePayload(only instanceof Uint8Array ? only : args);
}

/**
 * JSON values travel inline, bytes as base64.
 *
 * @throws TypeError on bytes that JSON would turn into something else without a word
 */
export function encodePayload(value: unknown): Payload {
  if (value instanceof Uint8Array) return { type: binary, base64: toBase64(value) };
  for (const part of Array.isArray(value) ? value : [value]) {
    if (part instanceof ArrayBuffer || ArrayBuffer.isView(part))
      throw new TypeError(`bytes travel as a Uint8Array that is the only argument, received ${part.constructor.name}`);
  }
  return { type: 'application/json', json: value === undefined ? null : value };
}

export function decodePayload(payload: Payload): unknown {
  if ('json' in payload) return payload.json;
  if ('base64' in payload) return fromBase64(payload.base64);
  return undefined;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: an argument list has a limit of its own.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
