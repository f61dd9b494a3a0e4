/** Puts a chunked body together (RFC 9112, section 7.1); trailers are read over. */
export class Chunked {
  readonly parts: Buffer[] = [];
  /** Bytes not yet taken: part of a size line, of a chunk's end or of the trailers. */
  #line: Buffer = Buffer.alloc(0);
  #left = 0;
  #state: 'size' | 'data' | 'dataEnd' | 'trailers' = 'size';

  /** `complete` with the last chunk and its trailers; `unreadable`: no such body, or bytes after it. */
  add(bytes: Buffer): 'partial' | 'complete' | 'unreadable' {
    let rest = this.#line.length === 0 ? bytes : Buffer.concat([this.#line, bytes]);
    this.#line = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#state === 'data') {
        const part = rest.subarray(0, this.#left);
        this.parts.push(part);
        this.#left -= part.length;
        rest = rest.subarray(part.length);
        if (this.#left === 0) this.#state = 'dataEnd';
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end < 0) {
        this.#line = rest;
        return rest.length > mostLineBytes ? 'unreadable' : 'partial';
      }
      const line = rest.toString('latin1', 0, end);
      rest = rest.subarray(end + 2);
      if (this.#state === 'trailers') {
        if (line === '') return rest.length === 0 ? 'complete' : 'unreadable';
      } else if (this.#state === 'dataEnd') {
        if (line !== '') return 'unreadable';
        this.#state = 'size';
      } else {
        const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
        if (size === undefined) return 'unreadable';
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailers' : 'data';
      }
    }
    return 'partial';
  }
}

const mostLineBytes = 8_192;
