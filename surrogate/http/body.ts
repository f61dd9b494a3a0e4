import type { IncomingMessage } from 'node:http';
import { ProblemError } from './problems.ts';

/**
 * Reads a request's body. A small one came with its headers and is there after this turn; waiting for it event by event would be
 * a tenth of an empty task's time.
 *
 * @throws ProblemError `body-too-large` before more than `maxBytes` are kept; `invalid-request` when the client goes away meanwhile.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    process.nextTick(() => {
      if (!request.complete) {
        collect(request, maxBytes, resolve, reject);
        return;
      }
      const body = (request.read() as Buffer | null) ?? Buffer.alloc(0);
      if (body.length <= maxBytes) resolve(body);
      else reject(tooLarge(String(body.length), maxBytes));
    });
  });
}

function collect(
  request: IncomingMessage,
  maxBytes: number,
  resolve: (body: Buffer) => void,
  reject: (error: Error) => void,
): void {
  const broken = () => new ProblemError('invalid-request', 'the connection closed before the body was complete');
  if (request.destroyed) {
    reject(broken());
    return;
  }
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
    if (!request.complete) reject(broken());
  });
}

export const tooLarge = (received: string, maxBytes: number): ProblemError =>
  new ProblemError('body-too-large', `the body has ${received} bytes, at most ${maxBytes} are accepted`);
