import { useEffect, useRef, useState } from 'preact/hooks';
import { type PageSlotDetail, pagePaths } from '../../lib/ports/contracts/page.ts';
import type { SlotAlternative } from '../../lib/ports/contracts/slot-record.ts';
import { ask } from '../feed.ts';
import * as show from '../format.ts';
import type { ChosenSlot } from './app.tsx';
import { Scroll } from './scroll.tsx';

const alternativeName: Record<SlotAlternative['id'], string> = {
  paper: 'The OaaS paper’s algorithm',
  jsq: 'Dispatch by exact occupancy',
  session: 'Dispatch by session tickets',
  capacity: 'A static split, planned exactly',
  fewer: 'One machine less',
  unchanged: 'The fleet as it was',
};

/** Everything about one slot: what was seen, expected, decided, and what else it could have been. */
export function SlotDialog(props: { slot: ChosenSlot; pageKey: string; onClose: () => void }) {
  const { slot, pageKey, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [answer, setAnswer] = useState<PageSlotDetail | Error | null>(null);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    let wanted = true;
    const path = `${pagePaths.slot}?pool=${encodeURIComponent(slot.poolId)}&start=${slot.slotStartMs}`;
    ask<PageSlotDetail>(pageKey, path).then(
      (detail) => wanted && setAnswer(detail),
      (error: Error) => wanted && setAnswer(error),
    );
    return () => {
      wanted = false;
    };
  }, [slot.poolId, slot.slotStartMs, pageKey]);

  return (
    <dialog class="slot-dialog" ref={dialog} onClose={onClose} aria-labelledby="slot-title">
      <header>
        <h2 id="slot-title">
          Slot of {show.time(slot.slotStartMs)} <small>{slot.poolId}</small>
        </h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {answer === null ? (
        <p>Loading …</p>
      ) : answer instanceof Error ? (
        <p role="alert">{answer.message}</p>
      ) : (
        <Explanation body={answer.body} />
      )}
    </dialog>
  );
}

function Explanation({ body }: { body: PageSlotDetail['body'] }) {
  const { observed, forecast, plan, outcome } = body;
  const { indicator, targetMs, predictedMs } = plan;
  return (
    <>
      {body.kind !== 'slot' && <p>Between slots: {body.trigger}</p>}
      <dl>
        <dt>Seen</dt>
        <dd>
          {show.plural(Math.round(observed.arrivals), 'request')} ({show.rate(observed.arrivalRatePerS)}/s),{' '}
          {observed.refused} refused; mean {show.ms(observed.meanResponseMs)} ms, 95th percentile{' '}
          {show.ms(observed.p95ResponseMs)} ms; {show.ms(observed.demandS * 1000)} ms of a reference core each
        </dd>
        <dt>Expected</dt>
        <dd>
          {show.rate(forecast.meanRatePerS)}/s; planned for {show.rate(forecast.quantileRatePerS)}/s, which{' '}
          {Math.round(100 * forecast.quantile)} % of such slots stay below
        </dd>
        <dt>Decided</dt>
        <dd>
          {show.fleet(plan.fleet)} ({plan.status}): {indicator} {show.ms(predictedMs[indicator])} ms predicted,{' '}
          {show.ms(targetMs)} ms promised, {show.usd(plan.costUsdPerHour)} per hour
          {plan.gapPct !== null &&
            plan.gapPct > 0.05 &&
            `; at most ${plan.gapPct.toFixed(1)} % above the cheapest possible`}
          {plan.reason !== null && <p>{plan.reason}</p>}
        </dd>
        <dt>Why</dt>
        <dd>
          <ul>
            {plan.actions.map((action) => (
              <li key={`${action.do} ${action.offer}`}>
                {action.do} {action.count} × {show.offer(action.offer)}: {action.why}
              </li>
            ))}
            {plan.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </dd>
        {(outcome.launched.length > 0 || outcome.draining.length > 0 || outcome.terminated.length > 0) && (
          <>
            <dt>Done</dt>
            <dd>
              {outcome.launched.map(({ offer, vmIds }) => `launched ${vmIds.join(', ')} (${show.offer(offer)}). `)}
              {outcome.draining.length > 0 && `Draining ${outcome.draining.join(', ')}. `}
              {outcome.terminated.length > 0 && `Ended ${outcome.terminated.join(', ')}.`}
            </dd>
          </>
        )}
        {outcome.faults.length > 0 && (
          <>
            <dt>Faults</dt>
            <dd>
              <ul>
                {outcome.faults.map((fault) => (
                  <li key={fault.detail}>
                    {fault.kind}: {fault.detail}
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
      <Alternatives plan={plan} />
    </>
  );
}

function Alternatives({ plan }: { plan: PageSlotDetail['body']['plan'] }) {
  const { alternatives } = plan;
  if (alternatives === undefined || alternatives.length === 0) {
    return <p class="dim">Alternatives are weighed in regular slots with load.</p>;
  }
  return (
    <Scroll label="Alternatives considered">
      <table class="alternatives">
        <caption>Alternatives considered, for the same load and promise</caption>
        <thead>
          <tr>
            <th scope="col">Alternative</th>
            <th scope="col">Machines</th>
            <th scope="col">USD/h</th>
            <th scope="col">mean, ms</th>
            <th scope="col">p95, ms</th>
            <th scope="col">Keeps the promise</th>
          </tr>
        </thead>
        <tbody>
          <tr class="chosen">
            <th scope="row">Chosen</th>
            <td>{show.fleet(plan.fleet)}</td>
            <td>{show.usd(plan.costUsdPerHour)}</td>
            <td>{show.ms(plan.predictedMs.mean)}</td>
            <td>{show.ms(plan.predictedMs.p95)}</td>
            <td>{plan.status === 'infeasible' ? '✗ no' : '✓ yes'}</td>
          </tr>
          {alternatives.map((alternative) => (
            <tr key={alternative.id} data-alternative={alternative.id}>
              <th scope="row">{alternativeName[alternative.id]}</th>
              <td>{alternative.costUsdPerHour === null ? alternative.why : show.fleet(alternative.fleet)}</td>
              <td>{show.usd(alternative.costUsdPerHour)}</td>
              <td>{show.ms(alternative.predictedMs.mean)}</td>
              <td>{show.ms(alternative.predictedMs.p95)}</td>
              <td>{alternative.keeps ? '✓ yes' : '✗ no'}</td>
            </tr>
          ))}
          {plan.fluidUsdPerHour !== undefined && (
            <tr>
              <th scope="row">Fluid bound</th>
              <td>capacity for exactly this load; nothing gets below it</td>
              <td>{show.usd(plan.fluidUsdPerHour)}</td>
              <td>{show.noValue}</td>
              <td>{show.noValue}</td>
              <td>✗ no</td>
            </tr>
          )}
        </tbody>
      </table>
    </Scroll>
  );
}
