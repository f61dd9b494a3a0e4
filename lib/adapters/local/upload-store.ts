/*
 * Uploads of local mode, the same three steps as on AWS: the endpoint signs an address, the bytes are put there without any key, the
 * app is registered by digest. Here the address is a route of the endpoint itself, and the signature an HMAC of this process.
 *
 * Life of an upload: a file named by its digest; whatever is older than an hour is removed when the next address is asked for.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { digestOf } from '../../app/bundles/bundle.ts';
import { readBytes } from '../../app/http/body.ts';
import { sendProblem } from '../../app/http/send.ts';
import { problem } from '../../app/problem.ts';
import type { BundleUploads } from '../../ports/bundle-uploads.ts';
import type { Clock } from '../../ports/clock.ts';
import { paths, uploadLifetimeMs } from '../../ports/contracts/wire.ts';

export interface LocalUploads extends BundleUploads {
  /** Takes the bytes; to be mounted at the endpoint's root. */
  routes: Hono;
}

const keptMs = 3_600_000;
const digestPattern = /^[0-9a-f]{64}$/;

/** @param endpoint own URL, once known */
export function createLocalUploads(options: { folder: string; endpoint: () => string; clock: Clock }): LocalUploads {
  const { folder, clock } = options;
  const secret = randomBytes(32);
  const fileOf = (digest: string) => join(folder, `${digest}.zip`);
  const sign = (digest: string, bytes: string, expires: string) =>
    createHmac('sha256', secret).update(`${digest} ${bytes} ${expires}`).digest('hex');

  async function sweep(): Promise<void> {
    for (const name of await readdir(folder).catch(() => [])) {
      const file = join(folder, name);
      const written = await stat(file).catch(() => null);
      if (written !== null && clock.nowMs() - written.mtimeMs > keptMs) await rm(file, { force: true });
    }
  }

  const routes = new Hono();
  routes.put(paths.upload(':digest'), async (c) => {
    const digest = c.req.param('digest') ?? '';
    const { bytes = '', expires = '', signature = '' } = c.req.query();
    const expected = Buffer.from(sign(digest, bytes, expires));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      const detail = "this address does not carry this endpoint's signature; ask POST /v1/uploads for one";
      return sendProblem(c, problem('forbidden', detail));
    }
    if (clock.nowMs() > Number(expires)) {
      return sendProblem(c, problem('forbidden', 'this address has expired; ask POST /v1/uploads for another'));
    }
    const body = await readBytes(c, Number(bytes));
    if (!body.ok) return sendProblem(c, body.problem);
    const received = digestOf(body.value);
    if (received !== digest) {
      const detail = `the ${body.value.length} bytes received have the SHA-256 ${received}; this address takes ${digest}`;
      return sendProblem(c, problem('invalid-bundle', detail));
    }
    await mkdir(folder, { recursive: true });
    const partial = join(folder, randomUUID());
    await writeFile(partial, body.value);
    await rename(partial, fileOf(digest));
    return c.body(null, 200);
  });

  return {
    routes,
    async open(digest, bytes) {
      await sweep();
      const expires = String(clock.nowMs() + uploadLifetimeMs);
      const url = new URL(paths.upload(digest), options.endpoint());
      url.search = String(
        new URLSearchParams({ bytes: String(bytes), expires, signature: sign(digest, String(bytes), expires) }),
      );
      return { url: String(url), headers: { 'content-type': 'application/zip' }, expiresInMs: uploadLifetimeMs };
    },
    async read(digest) {
      if (!digestPattern.test(digest)) return null;
      try {
        return await readFile(fileOf(digest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
  };
}
