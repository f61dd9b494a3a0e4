/** The regional endpoint as an operator calls it, trusting its certificate. */
import { Agent, request } from 'node:https';
import type { Gateway } from './gateway.ts';

export interface ApiAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of many shapes
  body: any;
}

export type Api = (
  method: string,
  path: string,
  options?: { body?: unknown; zip?: Uint8Array; authorization?: string },
) => Promise<ApiAnswer>;

/** What the gateway takes for a request that IAM would let pass. */
export const asIam = 'AWS4-HMAC-SHA256 Credential=test';

export function apiOf(gateway: Gateway): Api {
  const agent = new Agent({ ca: gateway.certPem, keepAlive: false });
  return (method, path, { body, zip, authorization } = {}) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': zip === undefined ? 'application/json' : 'application/zip',
        ...(authorization === undefined ? {} : { authorization }),
      };
      const call = request(new URL(path, gateway.endpoint), { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) });
        });
      });
      call.on('error', reject);
      call.end(zip ?? (body === undefined ? undefined : JSON.stringify(body)));
    });
}
