/**
 * The places of one VM: at most N run, at most `queueLimit` more are admitted and wait, first come first served.
 * A place is taken when the ticket is accepted, before the body is read, so that occupancy is never under-reported.
 *
 * admitted ──body read──► queued ──a place is free──► running ──► gone
 */
export class Admission {
  readonly #sharingLimit: number;
  readonly #queueLimit: number;
  readonly #onChange: () => void;
  readonly #queue: Place[] = [];
  #running = 0;
  #admitted = 0;

  constructor(options: { sharingLimit: number; queueLimit: number; onChange?: () => void }) {
    this.#sharingLimit = options.sharingLimit;
    this.#queueLimit = options.queueLimit;
    this.#onChange = options.onChange ?? (() => {});
  }

  get running(): number {
    return this.#running;
  }

  /** Admitted and not yet running: reading their body, or queued. */
  get waiting(): number {
    return this.#admitted - this.#running;
  }

  /** n: all admitted requests. */
  get occupancy(): number {
    return this.#admitted;
  }

  get hasRoom(): boolean {
    return this.#admitted < this.#sharingLimit + this.#queueLimit;
  }

  /** A place, or null when all N + queueLimit are taken. */
  take(): Place | null {
    if (!this.hasRoom) return null;
    this.#admitted += 1;
    const place = new Place(
      (p) => this.#enqueue(p),
      (p) => this.#release(p),
    );
    this.#onChange();
    return place;
  }

  #enqueue(place: Place): void {
    if (this.#running < this.#sharingLimit) this.#start(place);
    else this.#queue.push(place);
  }

  #start(place: Place): void {
    this.#running += 1;
    place.grant();
    this.#onChange();
  }

  #release(place: Place): void {
    this.#admitted -= 1;
    if (place.state === 'running') this.#running -= 1;
    else if (place.state === 'queued') this.#queue.splice(this.#queue.indexOf(place), 1);
    if (this.#running < this.#sharingLimit) {
      const next = this.#queue.shift();
      if (next !== undefined) this.#start(next);
    }
    this.#onChange();
  }
}

/** One admitted request. */
export class Place {
  #state: 'admitted' | 'queued' | 'running' | 'released' = 'admitted';
  #granted: (() => void) | null = null;
  readonly #enqueue: (place: Place) => void;
  readonly #release: (place: Place) => void;

  constructor(enqueue: (place: Place) => void, release: (place: Place) => void) {
    this.#enqueue = enqueue;
    this.#release = release;
  }

  get state(): 'admitted' | 'queued' | 'running' | 'released' {
    return this.#state;
  }

  /** Calls back when it is this request's turn to run, at once when a place is free. Never after `release`. */
  whenRunning(granted: () => void): void {
    if (this.#state !== 'admitted') throw new Error(`a place can be queued once, this one is ${this.#state}`);
    this.#state = 'queued';
    this.#granted = granted;
    this.#enqueue(this);
  }

  /** Called by Admission only. */
  grant(): void {
    this.#state = 'running';
    this.#granted?.();
  }

  /** Gives the place back; calling it again does nothing. */
  release(): void {
    if (this.#state === 'released') return;
    this.#release(this);
    this.#state = 'released';
    this.#granted = null;
  }
}
