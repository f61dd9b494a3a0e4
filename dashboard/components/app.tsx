import { useState } from 'preact/hooks';
import type { Connection } from '../feed.ts';
import type { Model } from '../model.ts';
import { Demo } from './demo.tsx';
import { Faults } from './faults.tsx';
import { RegionSection } from './region.tsx';
import { SlotDialog } from './slot-dialog.tsx';
import { Story } from './story.tsx';
import { Tasks } from './tasks.tsx';
import { WhatIf } from './what-if.tsx';

const connectionText: Record<Connection, string> = {
  connecting: 'connecting',
  live: 'live',
  waiting: 'server away, trying again',
  refused: 'no key',
};

export interface ChosenSlot {
  poolId: string;
  slotStartMs: number;
}

export function App(props: { model: Model; connection: Connection; pageKey: string }) {
  const { model, connection, pageKey } = props;
  const [slot, setSlot] = useState<ChosenSlot | null>(null);
  const ready = model.regions.length > 0;
  return (
    <>
      <header class="top">
        <h1>OaaS</h1>
        <p class="tagline">Tasks of small devices, run on rented machines, within a promised time.</p>
        <p class={`connection ${connection}`} role="status">
          <span class="dot" aria-hidden="true" />
          {connectionText[connection]}
        </p>
      </header>
      <main>
        {connection === 'refused' ? <Refused /> : !ready ? <p class="note">Waiting for the first figures …</p> : null}
        {ready && (
          <>
            <Story model={model} />
            <Faults regions={model.regions} />
            {model.demo !== null && <Demo state={model.demo} pageKey={pageKey} disabled={connection !== 'live'} />}
            {model.regions.map((region) => (
              <RegionSection key={region.id} region={region} model={model} onSlot={setSlot} />
            ))}
            <WhatIf regions={model.regions} pageKey={pageKey} />
            <Tasks pageKey={pageKey} />
          </>
        )}
        {slot !== null && <SlotDialog slot={slot} pageKey={pageKey} onClose={() => setSlot(null)} />}
      </main>
      <footer>
        <p>
          Each cell is a machine: it fills with its tasks, a red edge on top means that tasks wait, … it boots, ↓ it
          drains, ! it is silent, z it is stopped and waits.
        </p>
        <p>
          The same figures in the terminal: <code>npx oaas status --watch</code>, <code>npx oaas explain</code>.
        </p>
      </footer>
    </>
  );
}

function Refused() {
  return (
    <section class="card notice" aria-labelledby="no-key">
      <h2 id="no-key">This page needs the key of your system</h2>
      <p>
        Open the URL that <code>npm start</code> prints behind “Page”: it ends in <code>#oaas-page-…</code>. The key
        stays in this tab. A system started with <code>--memory</code> makes a new one each time.
      </p>
    </section>
  );
}
