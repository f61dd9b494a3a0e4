import type { IncomingMessage } from 'node:http';
import { ProblemError, quote } from './problems.ts';

/**
 * Reads a request's body. A small one came with its headers and is there after this turn; waiting for it event by event would be
 * a tenth of an empty task's time.
 *
 * @throws ProblemError `body-too-large` before more than `maxBytes` are kept; `invalid-request` when the client goes away meanwhile.
 */
function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
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

const tooLarge = (received: string, maxBytes: number): ProblemError =>
  new ProblemError('body-too-large', `the body has ${received} bytes, at most ${maxBytes} are accepted`);

/** The same for a JSON body. @throws ProblemError also `unsupported-media-type`, and `body-too-large` before anything is read */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/json\b/i.test(type)) {
    throw new ProblemError('unsupported-media-type', `the body must be application/json, received ${quote(type)}`);
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(String(declared), maxBytes);
  return readBody(request, maxBytes);
}
