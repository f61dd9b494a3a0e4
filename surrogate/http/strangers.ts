import type { Socket } from 'node:net';

/** What identifies a connection on the raw socket and on the TLS socket above it alike. */
interface Ends {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
}

interface Stranger {
  socket: Socket;
  source: string;
  expiresMs: number;
  /** A ticket of it is being checked, which has time limits of its own. */
  checking: number;
}

interface Options {
  perSource: number;
  /** How long a connection may stay a stranger. */
  patienceMs: number;
  nowMs?: () => number;
}

const sweepMs = 100;

/**
 * Connections that have not shown a valid ticket yet, whatever they do instead: nothing at all after the TCP handshake, half a TLS
 * handshake, half a header, requests without a ticket.
 *
 * accepted ──► stranger ──valid ticket──► known, not looked at any more
 *                 └──too many of its source, or too long──► closed
 *
 * A machine that stalls looks like clients that do: the time that a sweep comes late is given to everybody.
 */
export class Strangers {
  readonly #options: Options;
  readonly #nowMs: () => number;
  /** In the order of their coming. */
  readonly #strangers = new Map<string, Stranger>();
  readonly #perSource = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #sweptMs = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get count(): number {
    return this.#strangers.size;
  }

  /** Called with every accepted TCP connection; closes it at once where its source has too many. */
  accept(socket: Socket): void {
    const source = sourceOf(socket.remoteAddress ?? '');
    const open = this.#perSource.get(source) ?? 0;
    if (open >= this.#options.perSource) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    this.#forget(key);
    this.#perSource.set(source, (this.#perSource.get(source) ?? 0) + 1);
    const nowMs = this.#nowMs();
    const expiresMs = nowMs + this.#options.patienceMs;
    const stranger = { socket, source, expiresMs, checking: 0 };
    this.#strangers.set(key, stranger);
    socket.once('close', () => {
      if (this.#strangers.get(key) === stranger) this.#forget(key);
    });
    if (this.#timer === null) {
      this.#sweptMs = nowMs;
      this.#timer = setInterval(() => this.sweep(), sweepMs);
      this.#timer.unref();
    }
  }

  isStranger(connection: Ends): boolean {
    return this.#strangers.has(keyOf(connection));
  }

  /** It has shown a valid ticket. */
  prove(connection: Ends): void {
    this.#forget(keyOf(connection));
  }

  /** Leaves it alone until the returned function is called. */
  checking(connection: Ends): () => void {
    const stranger = this.#strangers.get(keyOf(connection));
    if (stranger === undefined) return () => {};
    stranger.checking += 1;
    return () => {
      stranger.checking -= 1;
    };
  }

  sweep(): void {
    const nowMs = this.#nowMs();
    const lateMs = nowMs - this.#sweptMs - sweepMs;
    this.#sweptMs = nowMs;
    if (lateMs > sweepMs) for (const stranger of this.#strangers.values()) stranger.expiresMs += lateMs;
    for (const [key, stranger] of this.#strangers) {
      if (stranger.checking > 0 || stranger.expiresMs > nowMs) continue;
      this.#forget(key);
      stranger.socket.destroy();
    }
    if (this.#strangers.size === 0) this.close();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #forget(key: string): void {
    const stranger = this.#strangers.get(key);
    if (stranger === undefined) return;
    this.#strangers.delete(key);
    const open = (this.#perSource.get(stranger.source) ?? 1) - 1;
    if (open === 0) this.#perSource.delete(stranger.source);
    else this.#perSource.set(stranger.source, open);
  }
}

const keyOf = ({ remoteAddress, remotePort }: Ends): string => `${remoteAddress} ${remotePort}`;

/** An IPv4 address, also where it is written as IPv6; of IPv6 the 64 bits that one customer usually has to itself. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = tail === undefined ? [] : tail.split(':').filter((part) => part !== '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
