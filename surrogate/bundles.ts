import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, openBundle } from '../lib/app/bundles/bundle.ts';
import { extractBundle } from '../lib/app/bundles/directory.ts';
import { bundleLimits } from '../lib/ports/contracts/bundle-limits.ts';
import type { Manifest } from '../lib/ports/contracts/config.ts';
import { paths } from '../lib/ports/contracts/wire.ts';
import { ProblemError } from './http/problems.ts';
import type { InstalledCode, Runtimes } from './runtimes/runtime.ts';

export interface InstalledApp {
  digest: string;
  manifest: Manifest;
  /** What its runtime made of the bundle. */
  code: InstalledCode;
  /** What executes it, one line. */
  engine: string;
}

/** Where bundles come from; null: there is none of that digest. */
export type BundleSource = (digest: string) => Promise<Uint8Array | null>;

/** How long a bundle that could not be had is not asked for again. */
const retryMs = 2_000;

/**
 * Installed apps by digest: fetched once, digest verified, extracted below the work folder, kept in memory from then on.
 * A failure is remembered for 2 s, so that a burst of requests for a bad bundle does not become a burst of downloads.
 */
export class BundleCache {
  readonly #directory: string;
  readonly #source: BundleSource;
  readonly #runtimes: Runtimes;
  readonly #installed = new Map<string, InstalledApp>();
  readonly #installing = new Map<string, Promise<InstalledApp>>();

  constructor(options: { directory: string; source: BundleSource; runtimes: Runtimes }) {
    this.#directory = options.directory;
    this.#source = options.source;
    this.#runtimes = options.runtimes;
  }

  /** @throws ProblemError `internal` (no answer), `unknown-app`, `invalid-bundle`, `no-capacity` (its runtime is not served here). */
  get(digest: string): InstalledApp | Promise<InstalledApp> {
    const known = this.#installed.get(digest);
    if (known !== undefined) return known;
    const pending = this.#installing.get(digest);
    if (pending !== undefined) return pending;
    const installing = this.#install(digest);
    this.#installing.set(digest, installing);
    installing.then(
      () => this.#installing.delete(digest),
      () => setTimeout(() => this.#installing.delete(digest), retryMs).unref(),
    );
    return installing;
  }

  async #install(digest: string): Promise<InstalledApp> {
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw new ProblemError('invalid-bundle', 'the app digest is not a SHA-256 in hex');
    let zip: Uint8Array | null;
    try {
      zip = await this.#source(digest);
    } catch (error) {
      throw new ProblemError('internal', `the app's bundle could not be fetched: ${(error as Error).message}`);
    }
    if (zip === null)
      throw new ProblemError('unknown-app', `no bundle ${digest} is registered: register the app again`);
    const received = digestOf(zip);
    if (received !== digest) {
      throw new ProblemError(
        'invalid-bundle',
        `the bundle's SHA-256 is ${received}, expected ${digest}: register the app again`,
      );
    }
    const opened = await openBundle(zip);
    if (!opened.ok) throw new ProblemError('invalid-bundle', `the bundle is not usable: ${opened.problems.join('; ')}`);
    const { manifest } = opened.bundle;
    const runtime = this.#runtimes[manifest.runtime];
    if ('unserved' in runtime) {
      throw new ProblemError(
        'no-capacity',
        `this surrogate does not serve the runtime "${manifest.runtime}" of app "${manifest.id}": ${runtime.unserved}`,
      );
    }
    const directory = join(this.#directory, digest);
    if (!existsSync(directory)) await extractBundle(opened.bundle.files, directory);
    const installed = await runtime.install({ digest, manifest, directory });
    if (!installed.ok) throw new ProblemError('invalid-bundle', `the bundle is not usable: ${installed.problem}`);
    const app = { digest, manifest, code: installed.code, engine: runtime.engine };
    this.#installed.set(digest, app);
    return app;
  }
}

/** Bundles of the region's endpoint, with the agent's token. */
export function regionBundles(endpoint: string, agentToken: string | undefined): BundleSource {
  return async (digest) => {
    const response = await fetch(new URL(paths.bundle(digest), endpoint), {
      headers: agentToken === undefined ? {} : { authorization: `Bearer ${agentToken}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`the region answered ${response.status}`);
    const declared = Number(response.headers.get('content-length') ?? 0);
    if (declared > bundleLimits.maxZipBytes) throw new Error(`it has ${declared} bytes, too large`);
    return new Uint8Array(await response.arrayBuffer());
  };
}
