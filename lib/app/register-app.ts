import type { BundleStore } from '../ports/bundle-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { App } from '../ports/contracts/config.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import { digestOf, openBundle } from './bundles/bundle.ts';
import type { ConfigCache } from './config-cache.ts';
import { problem } from './problem.ts';
import { show } from './validation.ts';

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
  const digest = digestOf(bytes);
  if (expectedDigest !== undefined && expectedDigest !== digest) {
    return invalid(
      `the digest given is ${show(expectedDigest)}, the bytes received have ${digest}; send the bundle again or correct the digest`,
    );
  }
  const opened = await openBundle(bytes);
  if (!opened.ok) return invalid(`the bundle cannot be used: ${opened.problems.join('; ')}`);
  const { manifest } = opened.bundle;
  const app: App = { id: manifest.id, digest, bundleBytes: bytes.length, manifest };
  if (!(await deps.bundles.has(digest))) await deps.bundles.put(digest, bytes);
  await deps.store.put('app', app.id, app, { nowMs: deps.clock.nowMs() });
  await deps.config.refresh();
  return { ok: true, app };
}

const invalid = (detail: string): RegisterOutcome => ({ ok: false, problem: problem('invalid-bundle', detail) });
