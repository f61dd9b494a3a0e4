/** A typed event emitter without dependencies; browsers and Node alike. */
export class Emitter<E extends object> {
  readonly #listeners = new Map<keyof E, Set<(event: never) => void>>();

  /** @returns a function that removes the listener again. */
  on<K extends keyof E>(type: K, listener: (event: E[K]) => void): () => void {
    const set = this.#listeners.get(type) ?? new Set();
    set.add(listener);
    this.#listeners.set(type, set);
    return () => set.delete(listener);
  }

  once<K extends keyof E>(type: K, listener: (event: E[K]) => void): () => void {
    const off = this.on(type, (event) => {
      off();
      listener(event);
    });
    return off;
  }

  /** Calls every listener; one that throws spoils nothing. */
  emit<K extends keyof E>(type: K, event: E[K]): void {
    const set = this.#listeners.get(type);
    if (set === undefined || set.size === 0) return;
    for (const listener of [...set]) {
      try {
        (listener as (event: E[K]) => void)(event);
      } catch {
        // A meter must not break the call it measures.
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
