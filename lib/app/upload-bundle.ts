import type { BundleUploads } from '../ports/bundle-uploads.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import type { UploadRequest, UploadResponse } from '../ports/contracts/wire.ts';
import { problem } from './problem.ts';
import { type RegisterAppDependencies, type RegisterOutcome, registerApp } from './register-app.ts';

export interface UploadDependencies extends RegisterAppDependencies {
  uploads: BundleUploads;
}

/** Says where to put a bundle; nowhere when its bytes are stored already. */
export async function openUpload(
  { bundles, uploads }: Pick<UploadDependencies, 'bundles' | 'uploads'>,
  { digest, bytes }: UploadRequest,
): Promise<UploadResponse> {
  if (await bundles.has(digest)) return { digest, upload: null };
  return { digest, upload: { method: 'PUT', ...(await uploads.open(digest, bytes)) } };
}

/** Registers the app of a bundle that was uploaded before, or that is stored already. */
export async function registerUploaded(deps: UploadDependencies, digest: string): Promise<RegisterOutcome> {
  const bytes = (await deps.bundles.get(digest)) ?? (await deps.uploads.read(digest));
  if (bytes === null) return { ok: false, problem: notUploaded(digest) };
  return registerApp(deps, bytes, digest);
}

const notUploaded = (digest: string): Problem =>
  problem('not-found', `no bundle ${digest} has been uploaded: POST /v1/uploads, PUT the bytes to its url, then this`);
