import { createHash } from 'node:crypto';
import type { BundleStore } from '../ports/bundle-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import { type App, manifestSchema } from '../ports/contracts/config.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import { bundleLimits, inspectBundle, manifestName } from './bundle-inspection.ts';
import type { ConfigCache } from './config-cache.ts';
import { problem } from './problem.ts';
import { show, validateDocument } from './validation.ts';

export interface RegisterAppDependencies {
  bundles: BundleStore;
  store: ConfigStore;
  config: ConfigCache;
  clock: Clock;
}

export type RegisterOutcome = { ok: true; app: App } | { ok: false; problem: Problem };

/**
 * Registers the app that a bundle carries: the bytes are stored first, so that the row never names a bundle that is not there.
 *
 * @param expectedDigest what the client says the SHA-256 is; refused when the bytes say otherwise
 */
export async function registerApp(
  deps: RegisterAppDependencies,
  bytes: Uint8Array,
  expectedDigest?: string,
): Promise<RegisterOutcome> {
  if (bytes.length > bundleLimits.bytes) {
    return {
      ok: false,
      problem: problem(
        'body-too-large',
        `the bundle has ${bytes.length} bytes, at most ${bundleLimits.bytes} are allowed`,
      ),
    };
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (expectedDigest !== undefined && expectedDigest !== digest) {
    return invalid(
      `the digest given is ${show(expectedDigest)}, the bytes received have ${digest}; send the bundle again or correct the digest`,
    );
  }
  const inspected = inspectBundle(bytes);
  if (!inspected.ok) return invalid(inspected.detail);
  const manifest = validateDocument(manifestSchema, inspected.manifest);
  if (!manifest.ok) {
    const list = manifest.problems.map((p) => `${p.field}: ${p.message} (received ${show(p.received)})`).join('; ');
    return invalid(`${manifestName}: ${list}`, manifest.problems);
  }
  const entryFile = manifest.value.entry.split('!')[0]!;
  if (!inspected.files.includes(entryFile)) {
    return invalid(
      `entry ${show(entryFile)} of ${manifestName} is not in the bundle; it holds ${show(inspected.files)}`,
    );
  }
  const app: App = { id: manifest.value.id, digest, bundleBytes: bytes.length, manifest: manifest.value };
  if (!(await deps.bundles.has(digest))) await deps.bundles.put(digest, bytes);
  await deps.store.put('app', app.id, app, { nowMs: deps.clock.nowMs() });
  await deps.config.refresh();
  return { ok: true, app };
}

function invalid(detail: string, errors?: Problem['errors']): RegisterOutcome {
  return { ok: false, problem: problem('invalid-bundle', detail, errors === undefined ? {} : { errors }) };
}
