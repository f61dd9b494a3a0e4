import type { InstalledApp } from '../bundles.ts';
import { ProblemError } from '../http/problems.ts';
import type { ClientPresence } from './client-presence.ts';

/**
 * Waits for an app that is being installed (fetched, unpacked, translated to JVM bytecode), as long as its request may. The installation
 * goes on without it, for the next request.
 *
 * @param request `deadlineMs` counts from its arrival, `arrivedMs` (monotonic)
 * @throws ProblemError `deadline-exceeded`, `task-killed` (its client went away), or what the installation fails with
 */
export function awaitApp(
  installing: Promise<InstalledApp>,
  request: { arrivedMs: number; deadlineMs: number; client: ClientPresence },
): Promise<InstalledApp> {
  const { arrivedMs, deadlineMs, client } = request;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => refuse('deadline-exceeded', `the deadline of ${deadlineMs} ms passed while the app was being installed`),
      Math.max(0, deadlineMs - (performance.now() - arrivedMs)),
    );
    let waiting = true;
    const end = (finish: () => void) => {
      if (!waiting) return;
      waiting = false;
      clearTimeout(timer);
      client.whenGone(null);
      finish();
    };
    const refuse = (type: 'deadline-exceeded' | 'task-killed', detail: string) =>
      end(() => reject(new ProblemError(type, detail)));
    const leave = () => refuse('task-killed', 'the task was ended: its client went away');
    client.whenGone(leave);
    if (client.gone) leave();
    installing.then(
      (app) => end(() => resolve(app)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
