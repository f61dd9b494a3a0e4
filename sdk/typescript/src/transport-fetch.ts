import { type Exchange, type ExchangeRequest, retryAfterMs, type Transport } from './transport.ts';

/** Browsers and React Native: regional endpoints only, since `fetch` cannot pin a certificate. */
export function fetchTransport(): Transport {
  return {
    direct: false,
    control,
    surrogate: async () => ({
      ok: false,
      sent: false,
      kind: 'network',
      detail: 'this runtime cannot pin a certificate; use the proxy route',
    }),
    close() {},
  };
}

async function control(url: string, request: ExchangeRequest): Promise<Exchange> {
  const offline = (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false;
  if (offline) return { ok: false, sent: false, kind: 'network', detail: 'the device is offline' };
  const abort = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, request.timeoutMs);
  const onAbort = () => abort.abort();
  if (request.signal?.aborted) abort.abort();
  request.signal?.addEventListener('abort', onAbort);
  try {
    const headers: Record<string, string> = {};
    if (request.bearer !== undefined) headers.authorization = `Bearer ${request.bearer}`;
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(url, {
      method: request.method,
      headers,
      signal: abort.signal,
      cache: 'no-store',
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const body = await response.text();
    const bytes = (request.body?.length ?? 0) + body.length;
    return {
      ok: true,
      status: response.status,
      body,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
      bytes,
    };
  } catch (error) {
    const kind = timedOut ? 'timeout' : request.signal?.aborted ? 'aborted' : 'network';
    // `fetch` does not tell a refused connection from one that broke later.
    return { ok: false, sent: true, kind, detail: describe(error, kind, request.timeoutMs) };
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', onAbort);
  }
}

function describe(error: unknown, kind: string, timeoutMs: number): string {
  if (kind === 'timeout') return `no answer within ${Math.round(timeoutMs)} ms`;
  return error instanceof Error ? error.message : String(error);
}
