/**
 * Whether somebody still waits for an answer. What an AbortSignal says, for one listener at a time and a tenth of its cost, which every
 * request would pay.
 */
export class ClientPresence {
  #gone = false;
  #listener: (() => void) | null = null;

  get gone(): boolean {
    return this.#gone;
  }

  /** Calls back once when the client goes away; null stops listening. */
  whenGone(listener: (() => void) | null): void {
    this.#listener = listener;
  }

  /** The connection closed before the answer was out. */
  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listener?.();
  }
}
