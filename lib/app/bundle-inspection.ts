import { strFromU8, type UnzipFileInfo, unzipSync } from 'fflate';

/** Bounds of an app bundle; a 1 MB zip may claim to unpack to a gigabyte. */
export const bundleLimits = {
  bytes: 32 * 1024 * 1024,
  unpackedBytes: 256 * 1024 * 1024,
  files: 10_000,
  manifestBytes: 64 * 1024,
} as const;

export const manifestName = 'oaas.json';

export type BundleInspection = { ok: true; manifest: unknown; files: string[] } | { ok: false; detail: string };

/** Reads the directory and the manifest of a bundle; nothing else is unpacked. */
export function inspectBundle(bytes: Uint8Array): BundleInspection {
  const listed: UnzipFileInfo[] = [];
  let manifest: Uint8Array | undefined;
  try {
    const unpacked = unzipSync(bytes, {
      filter: (file) => {
        listed.push(file);
        return file.name === manifestName && file.originalSize <= bundleLimits.manifestBytes;
      },
    });
    manifest = unpacked[manifestName];
  } catch (error) {
    return refuse(`the body is not a readable zip (${(error as Error).message}); send the bundle's bytes`);
  }
  const unsafe = listed.find((file) => !isInside(file.name));
  if (unsafe !== undefined) {
    return refuse(
      `the bundle holds ${JSON.stringify(unsafe.name)}, a path outside itself; use relative paths without ".."`,
    );
  }
  if (listed.length > bundleLimits.files) {
    return refuse(`the bundle holds ${listed.length} files, at most ${bundleLimits.files} are allowed`);
  }
  const unpackedBytes = listed.reduce((sum, file) => sum + file.originalSize, 0);
  if (unpackedBytes > bundleLimits.unpackedBytes) {
    return refuse(`the bundle unpacks to ${unpackedBytes} bytes, at most ${bundleLimits.unpackedBytes} are allowed`);
  }
  if (manifest === undefined) {
    return refuse(
      `the bundle has no ${manifestName} of at most ${bundleLimits.manifestBytes} bytes at its root; add the manifest`,
    );
  }
  try {
    return { ok: true, manifest: JSON.parse(strFromU8(manifest)), files: listed.map((file) => file.name) };
  } catch (error) {
    return refuse(`${manifestName} is not valid JSON: ${(error as Error).message}`);
  }
}

const refuse = (detail: string): BundleInspection => ({ ok: false, detail });

function isInside(name: string): boolean {
  return name !== '' && !/^[\\/]|^[a-z]:|\0/i.test(name) && !name.split(/[\\/]/).includes('..');
}
