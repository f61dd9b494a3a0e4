/**
 * Ids seen before, each until its own expiry. Grows with the rate of new ids times their lifetime and is swept as it is
 * used, a few entries per insertion, so that no call is slow.
 */
export class SeenIds {
  readonly #expiry = new Map<string, number>();

  /** True when the id is new; it is then remembered until `expiresAtMs`. */
  add(id: string, expiresAtMs: number, nowMs: number): boolean {
    const known = this.#expiry.get(id);
    if (known !== undefined && known > nowMs) return false;
    this.#expiry.delete(id);
    this.#expiry.set(id, expiresAtMs);
    this.#sweep(nowMs);
    return true;
  }

  /** Forgets an id; true when it was known. */
  delete(id: string): boolean {
    return this.#expiry.delete(id);
  }

  get size(): number {
    return this.#expiry.size;
  }

  #sweep(nowMs: number): void {
    let budget = 4;
    for (const [id, expiresAtMs] of this.#expiry) {
      if (budget-- === 0) return;
      if (expiresAtMs > nowMs) {
        // Long-lived entries at the head must not shield expired ones behind them for ever.
        this.#expiry.delete(id);
        this.#expiry.set(id, expiresAtMs);
        continue;
      }
      this.#expiry.delete(id);
    }
  }
}
