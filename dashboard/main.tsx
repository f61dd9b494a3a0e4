import { render } from 'preact';
import { App } from './components/app.tsx';
import { type Connection, follow } from './feed.ts';
import { emptyModel, take } from './model.ts';

/** The key comes once, in the fragment, and stays in this tab's storage: of this origin alone, port included. */
function readKey(): string | null {
  const given = location.hash.slice(1);
  if (given !== '') {
    sessionStorage.setItem('oaas-page-key', given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem('oaas-page-key');
}

const root = document.getElementById('app')!;
const key = readKey();
const model = emptyModel();
let connection: Connection = key === null ? 'refused' : 'connecting';
const draw = (): void => render(<App model={model} connection={connection} pageKey={key ?? ''} />, root);

root.replaceChildren();
draw();
if (key !== null) {
  void follow(key, {
    onUpdate(update) {
      take(model, update);
      draw();
    },
    onConnection(now) {
      connection = now;
      draw();
    },
  });
}
// A newly printed URL pasted into the same tab changes only the fragment.
addEventListener('hashchange', () => location.reload());
