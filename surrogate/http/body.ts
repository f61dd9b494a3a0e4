import type { IncomingMessage } from 'node:http';
import { ProblemError } from './problems.ts';

/**
 * Reads a request's body.
 *
 * @throws ProblemError `body-too-large` before more than `maxBytes` are kept; `invalid-request` when the client goes away meanwhile.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        request.pause();
        reject(tooLarge(`more than ${maxBytes}`, maxBytes));
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete)
        reject(new ProblemError('invalid-request', 'the connection closed before the body was complete'));
    });
  });
}

export const tooLarge = (received: string, maxBytes: number): ProblemError =>
  new ProblemError('body-too-large', `the body has ${received} bytes, at most ${maxBytes} are accepted`);
