import { useEffect, useRef, useState } from 'preact/hooks';
import type { PlanProblem } from '../../lib/domain/planner/types.ts';
import { type PageRegion, pagePaths } from '../../lib/ports/contracts/page.ts';
import { ask } from '../feed.ts';
import * as show from '../format.ts';
import { isActive } from '../model.ts';
import type { WhatIfAnswer, WhatIfQuestion } from '../worker.ts';
import { Scroll } from './scroll.tsx';

/** Sliders run over this range by equal ratios. */
const targetRange = [20, 10_000] as const;
const loadRange = [0.1, 10_000] as const;
const steps = 1_000;

const toStep = (value: number, [from, to]: readonly [number, number]): number =>
  Math.round((steps * Math.log(Math.min(to, Math.max(from, value)) / from)) / Math.log(to / from));
const fromStep = (step: number, [from, to]: readonly [number, number]): number => {
  const value = from * (to / from) ** (step / steps);
  return Number(value.toPrecision(3));
};

/** Move the promise or the load, and see at once what it takes: the scaler's own planner, here in the browser. */
export function WhatIf({ regions, pageKey }: { regions: PageRegion[]; pageKey: string }) {
  const pools = regions.flatMap((region) => region.pools);
  const [chosen, setChosen] = useState<string | null>(null);
  const poolId = chosen ?? (pools.find(isActive) ?? pools[0])?.poolId ?? null;
  const [open, setOpen] = useState(false);
  const [base, setBase] = useState<PlanProblem | null>(null);
  const [targetMs, setTargetMs] = useState(500);
  const [load, setLoad] = useState(10);
  const [problem, setProblem] = useState('');
  const answer = useAnswer(open && base !== null ? asked(base, targetMs, load) : null);

  useEffect(() => {
    if (!open || poolId === null) return;
    let wanted = true;
    ask<PlanProblem>(pageKey, `${pagePaths.problem}?pool=${encodeURIComponent(poolId)}`).then(
      (found) => {
        if (!wanted) return;
        setBase(found);
        setProblem('');
        setTargetMs(found.sla.targetS * 1000);
        setLoad(Math.max(1, Number(found.arrivalRatePerS.toPrecision(3))));
      },
      (error: Error) => wanted && setProblem(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [open, poolId, pageKey]);

  return (
    <details class="card what-if" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>What if?</h2>{' '}
        <span class="dim">Move the promise or the load; the planner answers here, in the browser.</span>
      </summary>
      <div class="controls">
        <label>
          <span>Pool</span>
          <select value={poolId ?? ''} onChange={(event) => setChosen(event.currentTarget.value)}>
            {pools.map((pool) => (
              <option key={pool.poolId} value={pool.poolId}>
                {pool.poolId}
              </option>
            ))}
          </select>
        </label>
        <Slider
          id="what-if-target"
          label={`${base?.sla.indicator ?? 'mean'} response, at most`}
          unit="ms"
          value={targetMs}
          range={targetRange}
          onChange={setTargetMs}
        />
        <Slider id="what-if-load" label="Load" unit="requests/s" value={load} range={loadRange} onChange={setLoad} />
      </div>
      {problem !== '' && <p role="alert">{problem}</p>}
      {answer !== null && <Answer answer={answer} />}
    </details>
  );
}

function Slider(props: {
  id: string;
  label: string;
  unit: string;
  value: number;
  range: readonly [number, number];
  onChange: (value: number) => void;
}) {
  const { id, label, unit, value, range, onChange } = props;
  return (
    <label for={id}>
      <span>
        {label}: <strong>{value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')}</strong> {unit}
      </span>
      <input
        id={id}
        type="range"
        min={0}
        max={steps}
        value={toStep(value, range)}
        aria-valuetext={`${value} ${unit}`}
        onInput={(event) => onChange(fromStep(Number(event.currentTarget.value), range))}
      />
    </label>
  );
}

/** From nothing, as if no machine ran yet; caps of the group would only hide what the promise takes. */
function asked(base: PlanProblem, targetMs: number, arrivalRatePerS: number): PlanProblem {
  return { ...base, arrivalRatePerS, sla: { ...base.sla, targetS: targetMs / 1000 }, limits: {}, current: [] };
}

/** One question at a time: while the worker is busy only the newest waits. */
function useAnswer(problem: PlanProblem | null): WhatIfAnswer | null {
  const worker = useRef<Worker | null>(null);
  const waiting = useRef<PlanProblem | null>(null);
  const busy = useRef(false);
  const lastId = useRef(0);
  const [answer, setAnswer] = useState<WhatIfAnswer | null>(null);
  const key =
    problem === null
      ? ''
      : `${JSON.stringify(problem.sla)} ${problem.arrivalRatePerS} ${problem.offers.map((o) => `${o.id} ${o.serviceRatePerS}`).join()}`;

  useEffect(() => () => worker.current?.terminate(), []);
  useEffect(() => {
    if (problem === null) return;
    if (worker.current === null) {
      worker.current = new Worker('worker.js', { type: 'module' });
      worker.current.onmessage = ({ data }: MessageEvent<WhatIfAnswer>) => {
        setAnswer(data);
        busy.current = false;
        send();
      };
    }
    waiting.current = problem;
    send();
  }, [key]);

  function send(): void {
    if (busy.current || waiting.current === null || worker.current === null) return;
    busy.current = true;
    const question: WhatIfQuestion = { id: ++lastId.current, problem: waiting.current };
    waiting.current = null;
    worker.current.postMessage(question);
  }
  return problem === null ? null : answer;
}

function Answer({ answer }: { answer: WhatIfAnswer }) {
  const rents = answer.rows.flatMap(({ result }) => (result.status === 'infeasible' ? [] : [result.costUsdPerHour]));
  const dearest = Math.max(answer.fluidUsdPerHour, ...rents);
  const bar = (usd: number) => ({ width: `${dearest > 0 ? (100 * usd) / dearest : 0}%` });
  return (
    <Scroll label="What it takes">
      <table class="what-if-answer" aria-live="polite">
        <thead>
          <tr>
            <th scope="col">How requests find a machine</th>
            <th scope="col">Machines</th>
            <th scope="col">Rent per hour</th>
            <th scope="col">mean, ms</th>
            <th scope="col">p95, ms</th>
          </tr>
        </thead>
        <tbody>
          {answer.rows.map(({ policy, method, own, result }) => {
            const { mean, p95 } = result.predicted.responseTimeS;
            const impossible = result.status === 'infeasible';
            return (
              <tr
                key={`${method} ${policy}`}
                class={own ? 'chosen' : ''}
                data-row={method === 'paper' ? 'paper' : policy}
              >
                <th scope="row">
                  {method === 'paper' ? 'The OaaS paper’s algorithm' : (show.dispatchName[policy] ?? policy)}
                  {own && ' (this pool)'}
                </th>
                <td>{impossible ? (result.reason ?? 'no fleet keeps it') : show.fleet(result.fleet)}</td>
                <td>
                  <span class="rent-bar" aria-hidden="true" style={bar(impossible ? 0 : result.costUsdPerHour)} />
                  <span data-rent={impossible ? '' : result.costUsdPerHour}>
                    {impossible ? show.noValue : show.usd(result.costUsdPerHour)}
                  </span>
                </td>
                <td>{show.ms(mean === null ? null : mean * 1000)}</td>
                <td>{show.ms(p95 === null ? null : p95 * 1000)}</td>
              </tr>
            );
          })}
          <tr>
            <th scope="row">Fluid bound</th>
            <td>nothing gets below it</td>
            <td>
              <span class="rent-bar" aria-hidden="true" style={bar(answer.fluidUsdPerHour)} />
              {show.usd(answer.fluidUsdPerHour)}
            </td>
            <td>{show.noValue}</td>
            <td>{show.noValue}</td>
          </tr>
        </tbody>
      </table>
    </Scroll>
  );
}
