/**
 * Runs one call of one app inside a sandbox, then ends. Started before the request comes:
 *
 * load the app's module ──► say `ready` on descriptor 3 ──► block until one request arrives ──► run ──► answer ──► killed
 *
 * Frames in both directions are a 4-byte little-endian length and JSON. The descriptor is read with a blocking call, so that a waiting
 * sandbox costs no CPU and answers without a turn of the event loop. End of file means that the agent is gone: exit.
 */
import { readSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const channel = 3;

type Payload = { type: string; json?: unknown; base64?: string };
interface Request {
  requestId: string;
  method: string;
  args: Payload;
  state?: Payload;
}

const microseconds = (usage: NodeJS.CpuUsage): number => usage.user + usage.system;

function send(message: unknown): void {
  const body = Buffer.from(JSON.stringify(message));
  const frame = Buffer.allocUnsafe(4 + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, 4);
  let at = 0;
  while (at < frame.length) at += writeSync(channel, frame, at);
}

function readExactly(length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const n = readSync(channel, buffer, at, length - at, null);
    if (n === 0) process.exit(0);
    at += n;
  }
  return buffer;
}

function decode(payload: Payload | undefined): unknown {
  if (payload === undefined) return undefined;
  return payload.base64 === undefined ? payload.json : new Uint8Array(Buffer.from(payload.base64, 'base64'));
}

function encode(value: unknown): Payload {
  if (value instanceof Uint8Array) {
    return { type: 'application/octet-stream', base64: Buffer.from(value).toString('base64') };
  }
  return { type: 'application/json', json: value === undefined ? null : value };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function main(): Promise<void> {
  const entry = process.argv[2] ?? '';
  let exported: Record<string, unknown>;
  try {
    const module = (await import(pathToFileURL(entry).href)) as Record<string, unknown>;
    // A CommonJS module's exports are its default export.
    const fallback = module.default;
    exported = typeof fallback === 'object' && fallback !== null ? { ...fallback, ...module } : module;
  } catch (error) {
    send({ ready: false, error: describe(error) });
    return;
  }
  const prepared = microseconds(process.cpuUsage());
  send({ ready: true, prepCpuUs: prepared });

  const request = JSON.parse(readExactly(readExactly(4).readUInt32LE(0)).toString('utf8')) as Request;
  const method = exported[request.method];
  if (typeof method !== 'function') {
    send({ ok: false, error: `the app's entry exports no function "${request.method}"`, cpuUs: 0 });
    return;
  }
  try {
    const args = decode(request.args);
    const context = { requestId: request.requestId, state: decode(request.state) };
    const result: unknown = await method(...(Array.isArray(args) ? args : [args]), context);
    send({
      ok: true,
      cpuUs: microseconds(process.cpuUsage()) - prepared,
      result: encode(result),
      ...(context.state === undefined ? {} : { state: encode(context.state) }),
    });
  } catch (error) {
    send({ ok: false, error: describe(error), cpuUs: microseconds(process.cpuUsage()) - prepared });
  }
}

void main();
