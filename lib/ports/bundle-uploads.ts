/** Where a bundle's bytes are put to. */
export interface UploadAddress {
  url: string;
  /** To be sent with the bytes exactly as given; they bind the address to these bytes. */
  headers: Record<string, string>;
  expiresInMs: number;
}

/**
 * Bundles larger than the endpoint's payload limit are put to an address of their own first and registered by digest. What is
 * never registered goes away by itself.
 */
export interface BundleUploads {
  /** An address that takes these bytes (by SHA-256 and length) and no others, until it expires. */
  open(digest: string, bytes: number): Promise<UploadAddress>;
  /** Null: nothing was put there, or it has gone. */
  read(digest: string): Promise<Uint8Array | null>;
}
