import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 4;

/**
 * Runs what downloads parts that others wrote, again where that fails: servers and networks have bad moments. What fails every time is
 * thrown in the end.
 *
 * @param worth whether an error may be the network's; absent: every one
 */
export async function again<T>(run: () => Promise<T>, worth: (message: string) => boolean = () => true): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === attempts || !worth(String(error))) throw error;
      const pauseS = 5 * 2 ** attempt;
      process.stderr.write(`again in ${pauseS} s, after: ${String(error).slice(0, 300)}\n`);
      await sleep(pauseS * 1000);
    }
  }
}

/** What Maven and npm say when a download failed. */
export const downloadFailed = (message: string): boolean =>
  /could not transfer|could not resolve|could not be resolved|timed? ?out|unknown host|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONN|npm (ERR!|error) network|status code: 5\d\d/i.test(
    message,
  );
