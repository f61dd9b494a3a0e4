import { useState } from 'preact/hooks';
import { type DemoAction, type DemoState, pagePaths } from '../../lib/ports/contracts/page.ts';
import { ask } from '../feed.ts';
import * as show from '../format.ts';

const shownEvents = 3;

/** The demo load's buttons and what it does. */
export function Demo(props: { state: DemoState; pageKey: string; disabled: boolean }) {
  const { state, pageKey, disabled } = props;
  const [problem, setProblem] = useState('');
  const act = (action: DemoAction) => () =>
    ask(pageKey, pagePaths.demo, { action }).then(
      () => setProblem(''),
      (error: Error) => setProblem(error.message),
    );
  const busy = state.running !== null;
  const elapsedMs = state.startedAtMs === null ? 0 : Math.min(state.durationMs, Date.now() - state.startedAtMs);
  const share = state.durationMs > 0 ? elapsedMs / state.durationMs : 0;
  const hour = (6 + 24 * share) % 24;
  return (
    <section class="card demo" aria-labelledby="demo">
      <div class="demo-head">
        <h2 id="demo">Try it</h2>
        <p>
          {busy
            ? state.running === 'day'
              ? `It is ${String(Math.floor(hour)).padStart(2, '0')}:${String(Math.floor((hour % 1) * 60)).padStart(2, '0')} of the demo day.`
              : 'A burst is on.'
            : 'Real tasks on this computer: a day of phone use in four minutes, with a burst and a killed machine.'}
        </p>
      </div>
      <div class="buttons">
        {!busy && (
          <button type="button" class="primary" disabled={disabled} onClick={act('day')}>
            Play a day
          </button>
        )}
        {!busy && (
          <button type="button" disabled={disabled} onClick={act('burst')}>
            Burst
          </button>
        )}
        {busy && (
          <button type="button" class="primary" disabled={disabled} onClick={act('stop')}>
            Stop the load
          </button>
        )}
        <button type="button" disabled={disabled} onClick={act('kill')}>
          Kill a machine
        </button>
      </div>
      {busy && (
        <progress value={share} max={1} aria-label="Progress of the demo load">
          {Math.round(100 * share)} %
        </progress>
      )}
      {state.sent > 0 && (
        <p class="tally">
          {show.plural(state.sent, 'task')} sent: {state.remote} ran on machines, {state.fellBack} on the device,{' '}
          {state.failed} failed
        </p>
      )}
      <ul class="events" aria-label="What the demo did">
        {state.events.slice(-shownEvents).map((event) => (
          <li key={`${event.atMs} ${event.text}`}>
            <time>{show.time(event.atMs)}</time> {event.text}
          </li>
        ))}
      </ul>
      {problem !== '' && <p role="alert">{problem}</p>}
    </section>
  );
}
