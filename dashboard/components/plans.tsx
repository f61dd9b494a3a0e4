import type { PagePlan } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';

const shown = 3;

/** The last plans, each with its reason. */
export function Plans({ plans, onSlot }: { plans: PagePlan[]; onSlot: (slotStartMs: number) => void }) {
  if (plans.length === 0) return <p class="dim">The first plan comes with the next slot.</p>;
  return (
    <ol class="plans" aria-label="Last plans">
      {plans.slice(0, shown).map((plan) => (
        <li key={plan.slotStartMs}>
          <button type="button" class="link" onClick={() => onSlot(plan.slotStartMs)}>
            {show.time(plan.slotStartMs)}
          </button>{' '}
          <span>{wordsOf(plan)}</span>
        </li>
      ))}
    </ol>
  );
}

function wordsOf({ actions, reason, status, trigger, kind }: PagePlan): string {
  const said = actions.filter((action) => action.do !== 'keep' || actions.length === 1);
  const words = said.map((action) => `${action.do} ${action.count} × ${show.offer(action.offer)}: ${action.why}`);
  if (status === 'infeasible' && reason !== null) words.unshift(`cannot keep the promise: ${reason}`);
  if (kind !== 'slot' && trigger !== null) words.unshift(trigger);
  return words.length > 0 ? words.join('; ') : 'keep everything';
}
