/** Registration of an app's bundle: for build pipelines and tools that hold an admin key, never for devices. */
import type { Problem } from '../../../lib/ports/contracts/problem.ts';
import type { directBundleBytes as contractLimit, UploadResponse } from '../../../lib/ports/contracts/wire.ts';
import { checkUrl } from './options.ts';
import { parseJson, paths } from './wire.ts';

/** Bundles above this many bytes are uploaded first; see docs/apps.md. */
const directBundleBytes: typeof contractLimit = 4_000_000;

/** One call of an admin route: sends bytes as `application/zip`, anything else as JSON. Rejects unless the answer is 2xx. */
export type AdminCall = (path: string, body: Uint8Array | object) => Promise<unknown>;

export interface RegisteredApp {
  id: string;
  /** SHA-256 of the bundle, hex. */
  digest: string;
  bundleBytes: number;
}

/**
 * Registers the app that a bundle (zip with `oaas.json` at its root) carries. Small bundles travel in the call itself; larger ones
 * are put to an address that the region gives, and registered by digest.
 *
 * @throws TypeError for an endpoint that is no URL, Error with the endpoint's explanation or why it was not reached
 */
export async function registerApp(options: {
  /** Any regional endpoint. */
  endpoint: string;
  adminKey: string;
  bundle: Uint8Array;
}): Promise<RegisteredApp> {
  const { endpoint, adminKey, bundle } = options;
  checkUrl('endpoint', endpoint);
  const call: AdminCall = async (path, body) => {
    const zip = body instanceof Uint8Array;
    const response = await reach(new URL(path, endpoint), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${adminKey}`,
        'content-type': zip ? 'application/zip' : 'application/json',
      },
      body: zip ? new Uint8Array(body) : JSON.stringify(body),
    });
    return answerOf(response, `POST ${path}`);
  };
  return (await sendBundle(bundle, call)) as RegisteredApp;
}

/** The same over any way to reach the admin routes. @returns the registered app as the endpoint answers it */
export async function sendBundle(bundle: Uint8Array, call: AdminCall): Promise<unknown> {
  if (bundle.length <= directBundleBytes) return call(paths.bundles, bundle);
  const digest = await sha256(bundle);
  const { upload } = (await call(paths.uploads, { digest, bytes: bundle.length })) as UploadResponse;
  if (upload !== null) {
    const { method, url, headers } = upload;
    // No key goes along: the address itself is the right to put these bytes there.
    const response = await reach(new URL(url), { method, headers, body: new Uint8Array(bundle) });
    await answerOf(response, `PUT to ${new URL(url).host}`);
  }
  return call(paths.apps, { digest });
}

/** `fetch` whose failure says what was not reached, and why. */
async function reach(url: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`cannot reach ${url.origin}: ${cause instanceof Error ? cause.message : message}`, {
      cause: error,
    });
  }
}

async function answerOf(response: Response, what: string): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return parseJson(text);
  const problem = parseJson(text) as Partial<Problem> | undefined;
  // S3 explains itself in XML.
  const reason = problem?.detail ?? /<Message>([^<]*)</.exec(text)?.[1] ?? text.slice(0, 200);
  throw new Error(`${what} was refused (${response.status}): ${reason}`);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
