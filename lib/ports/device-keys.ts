/** API keys of devices, for trials: only hashes are kept. */
export interface DeviceKeys {
  /** Id of the key whose SHA-256 (hex) this is; null: unknown or revoked. */
  find(sha256: string): Promise<string | null>;
}
