/** How a command finds the system it is to talk to: named endpoints, or the one that runs on this machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { defaultDataDir, type SystemFile, systemFileName, systemFileSchema } from '../ports/contracts/system-file.ts';
import { badInput, CliError } from './errors.ts';

export interface SystemOptions {
  data: string;
  endpoint?: string[];
  key?: string;
}

export interface System {
  endpoints: { region: string; url: string }[];
  /** Device key. */
  deviceKey: string;
}

/** Adds the options that `findSystem` reads. */
export function systemOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder of a system started here with `oaas start`', defaultDataDir)
    .option('--endpoint <url>', 'regional endpoint instead, repeatable (environment: OAAS_ENDPOINT)', collect)
    .option('--key <key>', 'device key for --endpoint (environment: OAAS_API_KEY)');
}

/**
 * @throws CliError when no system is named and none runs here, saying what to do
 */
export async function findSystem(options: SystemOptions): Promise<System> {
  const urls = options.endpoint ?? splitList(process.env.OAAS_ENDPOINT);
  const key = options.key || process.env.OAAS_API_KEY || undefined;
  // Not quoted: keys stay out of logs.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw badInput('the device key (--key, OAAS_API_KEY) must be printable ASCII without spaces or line breaks');
  if (urls.length === 0) {
    const file = await readSystemFile(options.data);
    return {
      endpoints: file.regions.map((r) => ({ region: r.id, url: r.endpoint })),
      deviceKey: key ?? file.keys.device,
    };
  }
  for (const url of urls) {
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw badInput(`--endpoint must be an http(s) URL, received ${url}`);
  }
  const deviceKey = key ?? (await keysOfOwn(urls, options.data))?.device;
  if (deviceKey === undefined) throw badInput('--endpoint needs the device key: pass --key KEY or set OAAS_API_KEY');
  return { endpoints: urls.map((url) => ({ region: new URL(url).host, url })), deviceKey };
}

/** The keys of the system that runs here, when all of the endpoints are its own: no other server is to see them. */
export async function keysOfOwn(urls: readonly string[], dataDir: string): Promise<SystemFile['keys'] | undefined> {
  const file = await readSystemFile(dataDir).catch(() => null);
  const own = new Set(file?.regions.map(({ endpoint }) => new URL(endpoint).origin));
  return urls.every((url) => own.has(new URL(url).origin)) ? file?.keys : undefined;
}

/** Reads and checks `system.json` of a running system. */
export async function readSystemFile(dataDir: string): Promise<SystemFile> {
  const path = join(dataDir, systemFileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') throw new CliError(`cannot read ${path}: ${(cause as Error).message}`);
    throw new CliError(
      `no system is running on ${dataDir} (there is no ${path}): start one with \`npm start\`, name its folder with --data DIR, or name a remote one with --endpoint URL`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CliError(
      `${path} is not valid JSON (${(cause as Error).message}): stop the system, remove it and start again`,
    );
  }
  const parsed = systemFileSchema.safeParse(value);
  if (!parsed.success) {
    const { path: field, message } = parsed.error.issues[0]!;
    throw new CliError(
      `${path}: ${field.join('.')}: ${message}; it was written by another version, start that one again`,
    );
  }
  if (!isAlive(parsed.data.pid)) {
    throw new CliError(
      `the system of ${dataDir} (process ${parsed.data.pid}) is not running any more: start it with \`npm start\``,
    );
  }
  return parsed.data;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const collect = (url: string, before: string[] | undefined): string[] => [...(before ?? []), url];

const splitList = (text: string | undefined): string[] =>
  (text ?? '').split(/[\s,]+/).filter((part) => part.length > 0);
