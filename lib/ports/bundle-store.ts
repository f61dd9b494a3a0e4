/** Content-addressed app bundles; a digest is the SHA-256 of the bytes in lower-case hex. */
export interface BundleStore {
  put(digest: string, bytes: Uint8Array): Promise<void>;
  get(digest: string): Promise<Uint8Array | null>;
  has(digest: string): Promise<boolean>;
}
