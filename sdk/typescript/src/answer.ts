import { Chunked } from './chunked.ts';
import { retryAfterMs } from './transport.ts';

/** Far more than a surrogate's headers take. */
const mostHeadBytes = 65_536;

const headEnd = '\r\n\r\n';

interface Head {
  status: number;
  /** Of the body in bytes; `close`: it lasts until the connection ends. */
  length: number | 'chunked' | 'close';
  text: string;
}

/** An HTTP/1.1 answer put together from what a connection delivers (RFC 9112). */
export class Answer {
  bodyBytes = 0;
  #head: Head | null = null;
  #before: Buffer | null = null;
  #body: Buffer[] = [];
  #chunked: Chunked | null = null;

  /** `complete` once the body is whole; `unreadable`: what came is no such answer, or more than one. */
  add(bytes: Buffer): 'partial' | 'complete' | 'unreadable' {
    let rest = bytes;
    while (this.#head === null) {
      const seen = this.#before === null ? rest : Buffer.concat([this.#before, rest]);
      const end = seen.indexOf(headEnd);
      if (end < 0) {
        this.#before = seen;
        return seen.length > mostHeadBytes ? 'unreadable' : 'partial';
      }
      const head = parseHead(seen.toString('latin1', 0, end));
      if (head === null) return 'unreadable';
      this.#before = null;
      rest = seen.subarray(end + headEnd.length);
      // Interim answers only announce the real one.
      if (head.status >= 200) this.#head = head;
      else if (rest.length === 0) return 'partial';
    }
    this.bodyBytes += rest.length;
    const { length } = this.#head;
    if (length === 'chunked') {
      this.#chunked ??= new Chunked();
      const state = this.#chunked.add(rest);
      this.#body = this.#chunked.parts;
      return state;
    }
    if (rest.length > 0) this.#body.push(rest);
    if (length === 'close' || this.bodyBytes < length) return 'partial';
    return this.bodyBytes === length ? 'complete' : 'unreadable';
  }

  /** Whether the end of the connection makes it whole. */
  endedByClose(): boolean {
    return this.#head?.length === 'close';
  }

  get status(): number {
    return this.#head?.status ?? 0;
  }

  text(): string {
    const [first] = this.#body;
    if (first === undefined) return '';
    return (this.#body.length === 1 ? first : Buffer.concat(this.#body)).toString('utf8');
  }

  get retryAfterMs(): number | null {
    return retryAfterMs(this.#header(/\r\nretry-after:[ \t]*([^\r]*)/i));
  }

  get keepsConnection(): boolean {
    return !this.endedByClose() && this.#header(/\r\nconnection:[ \t]*(close)\b/i) === null;
  }

  /** How long the surrogate keeps the connection when nothing is asked; null: it did not say. */
  get idleMs(): number | null {
    const timeoutS = this.#header(/\r\nkeep-alive:[^\r]*\btimeout=(\d+)/i);
    return timeoutS === null ? null : Number(timeoutS) * 1000;
  }

  #header(pattern: RegExp): string | null {
    return this.#head === null ? null : (pattern.exec(this.#head.text)?.[1] ?? null);
  }
}

/** The head without its end; null: not HTTP/1.1, or coded in a way that is not understood. */
function parseHead(text: string): Head | null {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  if (status === undefined) return null;
  const coding = /\r\ntransfer-encoding:[ \t]*([^\r]*)/i.exec(text)?.[1];
  if (coding !== undefined) {
    return /^chunked[ \t]*$/i.test(coding) ? { status: Number(status), length: 'chunked', text } : null;
  }
  const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r|$)/i.exec(text)?.[1];
  const empty = status === '204' || status === '304';
  return { status: Number(status), length: empty ? 0 : length === undefined ? 'close' : Number(length), text };
}
