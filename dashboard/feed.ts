/*
 * The page's line to its server: server-sent events, read with fetch because the key travels in a header (an EventSource can send
 * none, and a cookie would go to every port of this host).
 *
 * Lifecycle: connecting → live → (server gone) waiting, a little longer each time → connecting ... A refused key ends it: only a newly
 * printed URL helps then.
 */
import { type PageUpdate, pagePaths } from '../lib/ports/contracts/page.ts';

export type Connection = 'connecting' | 'live' | 'waiting' | 'refused';

const firstPauseMs = 500;
const longestPauseMs = 5_000;
/** The server speaks at least this often; a silent line is a dead one. */
const silentMs = 15_000;

export interface Feed {
  onUpdate(update: PageUpdate): void;
  onConnection(connection: Connection): void;
}

export async function follow(key: string, feed: Feed): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const line = new AbortController();
    let alarm = setTimeout(() => line.abort(), silentMs);
    try {
      const response = await fetch(pagePaths.stream, { headers: authorization(key), signal: line.signal });
      if (response.status === 401 || response.status === 403) {
        feed.onConnection('refused');
        return;
      }
      if (response.ok && response.body !== null) {
        for await (const update of updatesOf(response.body)) {
          clearTimeout(alarm);
          alarm = setTimeout(() => line.abort(), silentMs);
          pauseMs = firstPauseMs;
          if (update === null) continue;
          feed.onConnection('live');
          feed.onUpdate(update);
        }
      }
    } catch {
      // Server gone or silent: said below, tried again.
    } finally {
      clearTimeout(alarm);
    }
    feed.onConnection('waiting');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    feed.onConnection('connecting');
  }
}

/** Data of each event; null for a comment, which only shows that the line is alive. */
async function* updatesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<PageUpdate | null> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      yield event.startsWith('data: ') ? (JSON.parse(event.slice(6)) as PageUpdate) : null;
    }
  }
}

/** @throws Error with the server's explanation */
export async function ask<T>(key: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(path, {
    headers: { ...authorization(key), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T & { detail?: string };
  if (!response.ok) throw new Error(answer.detail ?? `the server answered ${response.status}`);
  return answer;
}

const authorization = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
