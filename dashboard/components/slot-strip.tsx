import { useRef } from 'preact/hooks';
import type { SlotPoint } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';

const shown = 30;

/** The scaler's runs as a row of buttons: what each did shows in its sign, and opens on click. One stop of the Tab key, then arrows. */
export function SlotStrip({ slots, onSlot }: { slots: SlotPoint[]; onSlot: (slotStartMs: number) => void }) {
  const row = useRef<HTMLDivElement>(null);
  const last = slots.slice(-shown);
  if (last.length === 0) return null;
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const buttons = [...(row.current?.querySelectorAll('button') ?? [])];
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step];
    next?.focus();
    event.preventDefault();
  };
  return (
    <div class="strip">
      <span class="dim">Slots</span>
      <div class="slots" ref={row} onKeyDown={move} role="toolbar" aria-label="Slots: arrow keys move, Enter explains">
        {last.map((slot, i) => {
          const sign = signOf(slot);
          return (
            <button
              key={slot.slotStartMs}
              type="button"
              class={`slot ${sign.name}`}
              tabIndex={i === last.length - 1 ? 0 : -1}
              title={textOf(slot)}
              aria-label={textOf(slot)}
              data-slot={slot.slotStartMs}
              onClick={() => onSlot(slot.slotStartMs)}
            >
              <span aria-hidden="true">{sign.glyph}</span>
            </button>
          );
        })}
      </div>
      <span class="dim key" aria-hidden="true">
        ▲ launched ▼ released ◆ between slots ! fault · click explains
      </span>
    </div>
  );
}

function signOf(slot: SlotPoint): { name: string; glyph: string } {
  if (slot.faults > 0) return { name: 'fault', glyph: '!' };
  if (slot.kind === 'burst') return { name: 'burst', glyph: '◆' };
  if (slot.launched > 0) return { name: 'up', glyph: '▲' };
  if (slot.drained > 0) return { name: 'down', glyph: '▼' };
  return { name: 'same', glyph: '·' };
}

function textOf(slot: SlotPoint): string {
  const did = [
    slot.launched > 0 ? `${slot.launched} launched` : '',
    slot.drained > 0 ? `${slot.drained} released` : '',
    slot.faults > 0 ? show.plural(slot.faults, 'fault') : '',
  ].filter((text) => text !== '');
  return `${slot.kind === 'slot' ? 'Slot' : 'Between slots'} ${show.time(slot.slotStartMs)}: ${show.rate(slot.arrivalRatePerS)}/s seen, ${show.rate(slot.forecastPerS)}/s planned for, ${did.length > 0 ? did.join(', ') : 'nothing changed'}`;
}
