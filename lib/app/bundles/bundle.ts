import { createHash } from 'node:crypto';
import { zipSync } from 'fflate';
import { bundleLimits } from '../../ports/contracts/bundle-limits.ts';
import { type Manifest, manifestSchema } from '../../ports/contracts/config.ts';
import { unzip } from './unzip.ts';

/** Files of a bundle by path (with `/`). */
export type BundleFiles = Record<string, Uint8Array>;

export interface Bundle {
  manifest: Manifest;
  files: BundleFiles;
  /** SHA-256 of the zip's bytes, lower-case hex. */
  digest: string;
}

export type BundleResult = { ok: true; bundle: Bundle } | { ok: false; problems: string[] };

const manifestFile = 'oaas.json';

/** Dates are not part of an app: the same files give the same bytes everywhere. */
const fixedDate = new Date(1980, 0, 1, 12);

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A zip whose bytes depend on nothing but names and contents. */
export function packBundle(files: BundleFiles): Uint8Array {
  const sorted = Object.keys(files).sort();
  return zipSync(Object.fromEntries(sorted.map((path) => [path, files[path]!])), { mtime: fixedDate, level: 6 });
}

/**
 * Opens a bundle somebody sent: bounds what it may unpack to before unpacking, refuses paths that lead outside, and validates
 * its manifest.
 *
 * @returns every problem found, each with the value received and what is allowed.
 */
export async function openBundle(zip: Uint8Array): Promise<BundleResult> {
  const unpacked = await unpack(zip);
  if (!unpacked.ok) return unpacked;
  const { files } = unpacked;
  const raw = files[manifestFile];
  if (raw === undefined) return refuse(`it has no ${manifestFile} at its root`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(raw));
  } catch (error) {
    return refuse(`${manifestFile} is not valid JSON: ${(error as Error).message}`);
  }
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.map(
        (issue) => `${manifestFile}: ${issue.path.join('.') || '(document)'}: ${issue.message}`,
      ),
    };
  }
  if (files[parsed.data.entry] === undefined) {
    return refuse(`${manifestFile} names the entry "${parsed.data.entry}", which the bundle does not hold`);
  }
  return { ok: true, bundle: { manifest: parsed.data, files, digest: digestOf(zip) } };
}

async function unpack(zip: Uint8Array): Promise<{ ok: true; files: BundleFiles } | { ok: false; problems: string[] }> {
  if (zip.length > bundleLimits.maxZipBytes) {
    return refuse(`it has ${zip.length} bytes, at most ${bundleLimits.maxZipBytes} are allowed`);
  }
  const unzipped = await unzip(zip, pathProblem);
  if (!unzipped.ok) return refuse(unzipped.problem);
  const { files } = unzipped;
  for (const path of Object.keys(files)) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (files[path.slice(0, slash)] !== undefined) return refuse(`"${path.slice(0, slash)}" is both file and folder`);
    }
  }
  return { ok: true, files };
}

/** Why a path may not be written below the app's folder; null: it may. */
function pathProblem(path: string): string | null {
  const plain = path.endsWith('/') ? path.slice(0, -1) : path;
  if (plain === '' || plain.length > bundleLimits.maxPathLength) return 'has an empty or too long path';
  if (plain.startsWith('/') || /^[a-z]:/i.test(plain)) return 'has an absolute path';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\\\u0000-\u001f]/.test(plain)) return 'has a backslash or control character in its path';
  if (plain.split('/').some((part) => part === '..' || part === '.' || part === ''))
    return 'has a path that leads elsewhere';
  return null;
}

const refuse = (problem: string): { ok: false; problems: string[] } => ({ ok: false, problems: [problem] });
