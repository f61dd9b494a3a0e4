/**
 * The end of an instance, as everything that is in progress learns of it. An AbortSignal would do, but Node warns of a leak
 * when more than ten calls listen to one, which for calls in progress is nothing unusual.
 */
export class Closing {
  closed = false;
  readonly #callbacks = new Set<() => void>();

  /** Calls back on closing, at once when closed already. @returns a function that takes the callback away again */
  onClose(callback: () => void): () => void {
    if (this.closed) callback();
    else this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  close(): void {
    this.closed = true;
    for (const callback of [...this.#callbacks]) callback();
    this.#callbacks.clear();
  }
}
