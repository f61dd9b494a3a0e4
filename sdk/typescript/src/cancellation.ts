/** The part of an AbortSignal that this package listens to. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Controller and signal in one, for inside use: an AbortController per call costs more than all else that the SDK does before a task
 * leaves, and Node warns of a leak when more than ten listen to one.
 */
export class Cancellation implements CancelSignal {
  #aborted = false;
  #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** An AbortSignal for code outside, which follows ours. @returns it and a function that ends the following */
export function toAbortSignal(signal: CancelSignal): { signal: AbortSignal; release: () => void } {
  const abort = new AbortController();
  const forward = () => abort.abort();
  if (signal.aborted) forward();
  signal.addEventListener('abort', forward);
  return { signal: abort.signal, release: () => signal.removeEventListener('abort', forward) };
}
