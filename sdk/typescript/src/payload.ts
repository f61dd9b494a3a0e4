import type { Payload } from '../../../lib/ports/contracts/payload.ts';

const binary = 'application/octet-stream';

/** JSON values travel inline, bytes as base64. */
export function encodePayload(value: unknown): Payload {
  if (value instanceof Uint8Array) return { type: binary, base64: toBase64(value) };
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
