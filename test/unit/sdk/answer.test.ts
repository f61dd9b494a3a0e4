import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../sdk/typescript/src/answer.ts';

/** What a fresh answer says of these pieces, one after the other. */
function read(pieces: readonly Buffer[]) {
  const answer = new Answer();
  const states = pieces.map((piece) => answer.add(piece));
  return { answer, last: states.at(-1), early: states.slice(0, -1).some((state) => state !== 'partial') };
}

const head = (lines: string) => `HTTP/1.1 200 OK\r\nDate: today\r\n${lines}\r\n`;
const cut = (bytes: Buffer, at: readonly number[]) => {
  const places = [...new Set(at.map((a) => 1 + (a % (bytes.length - 1))))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
};

describe('an answer', () => {
  it('is the same however its bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 5 }),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 8 }),
        (body, sizes, chunked, interim, at) => {
          const bytes = Buffer.from(body, 'utf8');
          let rest = bytes;
          const chunks: Buffer[] = [];
          for (const size of [...sizes, bytes.length]) {
            const part = rest.subarray(0, size);
            rest = rest.subarray(part.length);
            if (part.length > 0)
              chunks.push(Buffer.from(`${part.length.toString(16)};x=y\r\n`), part, Buffer.from('\r\n'));
          }
          const message = Buffer.concat([
            Buffer.from(interim ? 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n' : ''),
            ...(chunked
              ? [
                  Buffer.from(head('Transfer-Encoding: chunked\r\n')),
                  ...chunks,
                  Buffer.from('0\r\nx-trailer: 1\r\n\r\n'),
                ]
              : [Buffer.from(head(`Content-Length: ${bytes.length}\r\n`)), bytes]),
          ]);
          const { answer, last, early } = read(cut(message, at));
          expect([last, early, answer.status, answer.text()]).toEqual(['complete', false, 200, body]);
          expect(answer.keepsConnection).toBe(true);
        },
      ),
    );
  });

  it('lasts to the end of the connection where it does not say its length', () => {
    const { answer, last } = read([Buffer.from(head('')), Buffer.from('to the '), Buffer.from('end')]);
    expect([last, answer.endedByClose(), answer.keepsConnection, answer.text()]).toEqual([
      'partial',
      true,
      false,
      'to the end',
    ]);
  });

  it('tells what its headers say', () => {
    const { answer } = read([
      Buffer.from(
        'HTTP/1.1 429 Slow\r\nRETRY-AFTER: 3\r\nkeep-alive: timeout=65\r\nConnection: close\r\ncontent-length: 0\r\n\r\n',
      ),
    ]);
    expect([answer.status, answer.retryAfterMs, answer.idleMs, answer.keepsConnection]).toEqual([
      429,
      3_000,
      65_000,
      false,
    ]);
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a coding nobody asked for', head('transfer-encoding: gzip, chunked\r\n')],
    ['more than it announced', `${head('content-length: 2\r\n')}abc`],
    ['more after the last chunk', `${head('transfer-encoding: chunked\r\n')}0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`],
    ['a chunk longer than it said', `${head('transfer-encoding: chunked\r\n')}1\r\nab\r\n`],
    ['a chunk without a size', `${head('transfer-encoding: chunked\r\n')}\r\n`],
    ['a size that is no number', `${head('transfer-encoding: chunked\r\n')}-1\r\n`],
    ['an endless head', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}`],
  ])('refuses %s', (_, message) => {
    expect(read([Buffer.from(message)]).last).toBe('unreadable');
  });
});
