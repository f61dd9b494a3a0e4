import { connect, type TLSSocket } from 'node:tls';

export interface TlsAddress {
  url: string;
  certPem: string;
  /** The only name in the certificate. */
  vmId: string;
}

/**
 * One kept-alive TLS connection that writes requests as bytes and reads answers by their content-length: what is measured is the
 * agent, not Node's HTTP client (0.2 ms of its own).
 */
export class LeanClient {
  readonly #socket: TLSSocket;
  #received = '';
  #done: ((answer: { status: number; body: string }) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('close', () => this.#failed?.(new Error('the server closed the connection')));
  }

  static open({ url, certPem, vmId }: TlsAddress): Promise<LeanClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: certPem, servername: vmId });
      socket.once('secureConnect', () => resolve(new LeanClient(socket)));
      socket.once('error', reject);
    });
  }

  /** @param head request line and headers without content-length, each ended by CRLF */
  post(head: string, body: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      if (this.#socket.destroyed) reject(new Error('the connection is closed'));
      this.#socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received.slice(0, end))?.[1] ?? 0);
    const body = this.#received.slice(end + 4);
    if (body.length < length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#done?.({ status, body });
  }
}
