import type { PagePool } from '../../lib/ports/contracts/page.ts';
import * as show from '../format.ts';

/** Measured response against the promise on one scale: a bar, a thin one behind it for the 95th percentile, a mark for the prediction. */
export function ResponseBar({ pool, measuredMs }: { pool: PagePool; measuredMs: number | null }) {
  const { targetMs, indicator } = pool.sla;
  const p95Ms = pool.live?.p95Ms ?? pool.measuredP95Ms ?? null;
  const meanMs = pool.live?.meanMs ?? pool.measuredMeanMs;
  const widest = Math.max(1.35 * targetMs, 1.02 * (p95Ms ?? 0), 1.02 * (meanMs ?? 0));
  const at = (ms: number) => `${(100 * Math.min(ms, widest)) / widest}%`;
  const missed = measuredMs !== null && measuredMs > targetMs;
  const label = `Response: ${indicator} ${show.ms(measuredMs)} ms measured, ${show.ms(pool.predictedMs)} ms predicted, ${show.ms(targetMs)} ms promised, 95th percentile ${show.ms(p95Ms)} ms`;
  return (
    <div class={`response-bar ${missed ? 'missed' : ''}`} role="img" aria-label={label}>
      <div class="track">
        {p95Ms !== null && <div class="p95" style={{ width: at(p95Ms) }} />}
        {meanMs !== null && <div class="mean" style={{ width: at(meanMs) }} />}
        {pool.predictedMs !== null && <div class="predicted" style={{ left: at(pool.predictedMs) }} />}
        <div class="target" style={{ left: at(targetMs) }} />
      </div>
      <div class="scale" aria-hidden="true">
        <span>0</span>
        <span class="target-label" style={{ left: at(targetMs) }}>
          {show.ms(targetMs)} ms promised
        </span>
      </div>
    </div>
  );
}
