import type { Payload } from '../../lib/ports/contracts/payload.ts';

/** What a runner says of its one run. */
export type Answer =
  | { ok: true; cpuUs: number; result: Payload; state: Payload | undefined }
  | { ok: false; cpuUs: number; error: string };

/**
 * Reads a runner's answer; null when it has not that shape. The app shares the runner's process and may write anything here. By hand, since
 * it stands between every result and its client: a schema costs three times as much.
 */
export function readAnswer(frame: Buffer): Answer | null {
  let value: unknown;
  try {
    value = JSON.parse(frame.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { ok, cpuUs, error, result, state } = value as Record<string, unknown>;
  if (typeof cpuUs !== 'number' || !(cpuUs >= 0)) return null;
  if (ok === false) return typeof error === 'string' ? { ok, cpuUs, error } : null;
  const read = ok === true ? readPayload(result) : null;
  if (read === null) return null;
  if (state === undefined) return { ok: true, cpuUs, result: read, state: undefined };
  const readState = readPayload(state);
  return readState === null ? null : { ok: true, cpuUs, result: read, state: readState };
}

/** Only the known members are passed on. */
function readPayload(value: unknown): Payload | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, json, base64 } = value as Record<string, unknown>;
  if (typeof type !== 'string') return null;
  if (typeof base64 === 'string') return { type, base64 };
  if (type !== 'application/json' || json === undefined) return null;
  return { type, json };
}
