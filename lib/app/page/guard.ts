import type { MiddlewareHandler } from 'hono';
import { sendProblem } from '../http/send.ts';
import { problem } from '../problem.ts';
import { show } from '../validation.ts';

const addressLiteral = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/**
 * Keeps other sites away from the page, whatever browser the person uses.
 *
 * - Host must be `localhost`, an address, or the name given with `--host`. A site that rebinds its own name to this machine sends its
 *   own name, and is refused before it reads anything.
 * - A request that another origin makes is refused: `Origin` must be the page's own, `Sec-Fetch-Site` must not say otherwise.
 *   The key travels in a header that no browser sends by itself, so this is the second lock, not the only one.
 */
export function onlyOwnOrigin(hostName: string): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (name !== 'localhost' && name !== hostName.toLowerCase() && !addressLiteral.test(name)) {
      return sendProblem(
        c,
        problem(
          'forbidden',
          `the page is not served under the name ${show(name)}; open the URL that oaas start prints`,
        ),
      );
    }
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    const foreign =
      (origin !== undefined && origin !== `http://${host}`) || site === 'cross-site' || site === 'same-site';
    const isNavigation = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate';
    // Following a link to the page is harmless: it holds no secret, and no other site may frame it.
    if (foreign && !(isNavigation && origin === undefined)) {
      return sendProblem(c, problem('forbidden', `pages of ${show(origin ?? site)} may not use this one`));
    }
    return next();
  };
}
