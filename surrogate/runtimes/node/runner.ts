/**
 * Runs one call of one app inside a sandbox, then ends. Started before the request comes:
 *
 * load the app's module ──► say `ready` on descriptor 3 ──► block until one request arrives ──► run ──► answer ──► killed
 *
 * Frames in both directions are a 4-byte little-endian length and JSON. The descriptor is read with a blocking call, so that a waiting
 * sandbox costs no CPU and answers without a turn of the event loop. End of file means that the agent is gone: exit.
 */
import { closeSync, openSync, readSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

function frame(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + length);
  bytes.writeUInt32LE(length, 0);
  bytes.write(text, 4);
  return bytes;
}

function send(message: unknown): void {
  const bytes = frame(message);
  for (let at = 0; at < bytes.length; ) at += writeSync(channel, bytes, at);
}

/** Most requests arrive whole with the first read. */
const firstRead = Buffer.allocUnsafeSlow(65_536);

/** One frame's content. */
function receive(from: number): Buffer {
  let bytes = firstRead;
  let end = 4;
  let at = 0;
  while (at < end) {
    const n = readSync(from, bytes, at, bytes.length - at, null);
    if (n === 0) process.exit(0);
    at += n;
    if (at < 4 || end > 4) continue;
    end = 4 + bytes.readUInt32LE(0);
    if (end <= bytes.length) continue;
    bytes = Buffer.allocUnsafeSlow(end);
    firstRead.copy(bytes, 0, 0, at);
  }
  return bytes.subarray(4, end);
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

/**
 * Runs the method and answers the frame's content.
 *
 * @param before CPU used until the request came, read while there was time
 */
async function perform(bytes: Buffer, exported: Record<string, unknown>, before: NodeJS.CpuUsage): Promise<unknown> {
  const request = JSON.parse(bytes.toString('utf8')) as Request;
  const method = exported[request.method];
  if (typeof method !== 'function') {
    return { ok: false, error: `the app's entry exports no function "${request.method}"`, cpuUs: 0 };
  }
  const used = () => microseconds(process.cpuUsage(before));
  try {
    const args = decode(request.args);
    const context = { requestId: request.requestId, state: decode(request.state) };
    const pending: unknown = method(...(Array.isArray(args) ? args : [args]), context);
    const result = pending instanceof Promise ? await pending : pending;
    const state = context.state === undefined ? {} : { state: encode(context.state) };
    return { ok: true, cpuUs: used(), result: encode(result), ...state };
  } catch (error) {
    return { ok: false, error: describe(error), cpuUs: used() };
  }
}

const rehearsals = 16;

/** Calls of nothing, read from a file, so that compiling and faulting in this path is done before the request comes. */
async function rehearse(): Promise<void> {
  const file = `${tmpdir()}/rehearsal`;
  const json = { type: 'application/json', json: [] };
  writeFileSync(file, frame({ requestId: '', method: 'nothing', args: json, state: json }));
  for (let i = 0; i < rehearsals; i++) {
    const descriptor = openSync(file, 'r');
    frame(await perform(receive(descriptor), { nothing: () => null }, process.cpuUsage()));
    closeSync(descriptor);
  }
  unlinkSync(file);
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
  await rehearse();
  send({ ready: true, prepCpuUs: microseconds(process.cpuUsage()) });
  const before = process.cpuUsage();
  send(await perform(receive(channel), exported, before));
  // An orderly exit would take milliseconds of CPU from the neighbours: wait for the kill instead.
  receive(channel);
}

void main();
