/**
 * Draws the figures of docs/how-it-works.md with the product's own model and planner:
 * `npm run docs:figures`. A test holds the committed figures against this.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lineChart } from '../lib/cli/line-chart.ts';
import { plan } from '../lib/domain/planner/plan.ts';
import { predictMeanS } from '../lib/domain/queueing/predict.ts';
import type { Policy } from '../lib/domain/queueing/types.ts';

const policies: readonly { policy: Policy; name: string }[] = [
  { policy: 'jsq', name: 'exact (JSQ)' },
  { policy: 'session', name: 'session, k = 5' },
  { policy: 'round-robin', name: 'round robin' },
  { policy: 'capacity', name: 'capacity (paper)' },
];
const session = { candidates: 5, threshold: 2, handoffS: 0.001 };
const vm = { cores: 1, sharingLimit: 16, networkS: 0 };

/** Mean response over mean service time of 25 equal VMs. */
function responseAgainstLoad(): string {
  const count = 25;
  const loads = Array.from({ length: 46 }, (_, i) => 0.5 + i * 0.01);
  return lineChart({
    title: '25 equal VMs: the same load, four ways to spread it',
    xLabel: 'utilization',
    yLabel: 'mean response / mean service time',
    series: policies.map(({ policy, name }) => ({
      name,
      points: loads.map((load): [number, number] => [
        load,
        predictMeanS({ pool: [{ ...vm, serviceRatePerS: 1, count }], arrivalRatePerS: load * count, policy, session }),
      ]),
    })),
  });
}

/** Rent over the fluid bound of the cheapest fleet that keeps a mean target of R, at 1,000 requests/s. */
function rentAgainstTightness(): string {
  const serviceRatePerS = 50;
  const arrivalRatePerS = 1000;
  const tightness = Array.from({ length: 18 }, (_, i) => 1.5 * (10 / 1.5) ** (i / 17));
  return lineChart({
    title: 'What a promise costs: 1,000 requests/s, 50/s per VM',
    xLabel: 'R μ: promised mean response in mean service times',
    yLabel: 'VMs / (λ/μ)',
    series: policies.map(({ policy, name }) => ({
      name,
      points: tightness.map((rMu): [number, number] => {
        const answer = plan({
          arrivalRatePerS,
          sla: { indicator: 'mean', targetS: rMu / serviceRatePerS },
          policy,
          session,
          offers: [{ id: 'vm', ...vm, serviceRatePerS, priceUsdPerHour: 0.06 }],
        });
        const vms = answer.fleet.reduce((sum, { count }) => sum + count, 0);
        return [rMu, vms / (arrivalRatePerS / serviceRatePerS)];
      }),
    })),
  });
}

/** SVG documents by file name. */
export function figures(): Record<string, string> {
  return {
    'response-against-load.svg': responseAgainstLoad(),
    'rent-against-tightness.svg': rentAgainstTightness(),
  };
}

export const figureFolder = fileURLToPath(new URL('../docs/figures/', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(figureFolder, { recursive: true });
  for (const [name, svg] of Object.entries(figures())) writeFileSync(`${figureFolder}${name}`, svg);
}
