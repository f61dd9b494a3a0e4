import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { plan } from '../../domain/planner/plan.ts';
import type { Indicator, Offer, PlanProblem } from '../../domain/planner/types.ts';
import { offersFromCatalogue } from '../../domain/pricing/offers.ts';
import type { Policy } from '../../domain/queueing/types.ts';
import { badInput } from '../errors.ts';
import { table, writeJson, writeLine } from '../io.ts';
import { lineChart } from '../line-chart.ts';
import { addOfferOptions, type OfferOptions, offerRequestOf } from '../offer-options.ts';
import { positiveNumber, wholeNumber } from '../option-values.ts';
import { runSteps } from '../progress.ts';

const variables = ['targetS', 'arrivalRatePerS', 'demandS'] as const;
type Variable = (typeof variables)[number];
const policies = ['jsq', 'session', 'round-robin', 'capacity', 'sqrt', 'even'] as const;

interface Options extends OfferOptions {
  sla: string;
  vary: string;
  arrivalRate: number;
  policy: string;
  steps: number;
  out?: string;
  json?: boolean;
}

interface Point {
  value: number;
  /** null where no fleet keeps the promise. */
  usdPerHour: Record<string, number | null>;
  vms: Record<string, number | null>;
}

/** `oaas whatif`: what a tighter or looser promise costs with today's catalogue. */
export function register(program: Command): void {
  const command = program
    .command('whatif')
    .description('cost against the SLA (or load, or demand) for the current catalogue, as a table and an SVG figure')
    .option('--sla <sla>', 'indicator and target in seconds: mean=0.2, p95=0.5, p99=1', 'mean=0.2')
    .option('--vary <range>', `${variables.join(', ')} over a range: targetS=0.05..0.5`, 'targetS=0.05..0.5')
    .addOption(new Option('--arrival-rate <per second>', 'requests per second').argParser(positiveNumber).default(500))
    .option('--policy <names>', `policies to compare, comma separated (${policies.join(', ')})`, 'jsq,session,capacity')
    .addOption(new Option('--steps <count>', 'points on the curve').argParser(wholeNumber).default(10))
    .option('--out <file>', 'write the figure (SVG) here')
    .option('--json', 'write the points as JSON');
  addOfferOptions(command)
    .addHelpText(
      'after',
      `
Example:
  npx oaas whatif --sla mean=0.2 --vary targetS=0.05..0.5 --arrival-rate 500 --demand-s 0.04 --region eu-west-1 --out cost.svg`,
    )
    .action(whatif);
}

async function whatif(options: Options): Promise<void> {
  const sla = parseSla(options.sla);
  const { variable, from, to } = parseVary(options.vary);
  const chosen = parsePolicies(options.policy);
  const values = spread(from, to, options.steps);
  const point = (value: number): Point => {
    const demandS = variable === 'demandS' ? value : options.demandS;
    const offers = offersFromCatalogue({ ...offerRequestOf(options), demandS });
    if (offers.length === 0) {
      throw badInput('no type of the catalogue fits: loosen --memory, --vcpus, --arch or --request-memory');
    }
    const problem = {
      arrivalRatePerS: variable === 'arrivalRatePerS' ? value : options.arrivalRate,
      sla: { indicator: sla.indicator, targetS: variable === 'targetS' ? value : sla.targetS },
      offers,
    };
    return cost(value, problem, chosen, offers);
  };
  const points = await runSteps(
    'planning',
    (function* () {
      const done: Point[] = [];
      for (const value of values) {
        done.push(point(value));
        yield done.length / values.length;
      }
      return done;
    })(),
  );
  if (options.out !== undefined) {
    await writeFigure(options.out, variable, points, [...chosen, 'fluid bound']);
  }
  if (options.json) {
    writeJson({ variable, sla, points });
    return;
  }
  writeLine(
    table(
      [variable, ...chosen.flatMap((p) => [`${p} USD/h`, 'VMs']), 'fluid bound USD/h'],
      points.map((p) => [
        show(p.value),
        ...chosen.flatMap((policy) => [show(p.usdPerHour[policy]), show(p.vms[policy])]),
        show(p.usdPerHour['fluid bound']),
      ]),
    ),
  );
  if (options.out !== undefined) writeLine(`\nfigure: ${options.out}`);
}

function cost(value: number, problem: PlanProblem, chosen: readonly Policy[], offers: readonly Offer[]): Point {
  const point: Point = { value, usdPerHour: {}, vms: {} };
  for (const policy of chosen) {
    const result = plan({ ...problem, policy }, { workLimitMs: 150 });
    const feasible = result.status !== 'infeasible';
    point.usdPerHour[policy] = feasible ? result.costUsdPerHour : null;
    point.vms[policy] = feasible ? result.fleet.reduce((sum, f) => sum + f.count, 0) : null;
  }
  const cheapest = Math.min(...offers.map((o) => o.priceUsdPerHour / o.serviceRatePerS));
  point.usdPerHour['fluid bound'] = problem.arrivalRatePerS * cheapest;
  return point;
}

async function writeFigure(file: string, variable: Variable, points: Point[], names: string[]): Promise<void> {
  const svg = lineChart({
    title: `Rent against ${variable}`,
    xLabel: variable,
    yLabel: 'USD per hour',
    series: names.map((name) => ({
      name,
      points: points.flatMap((p): [number, number][] => {
        const usd = p.usdPerHour[name];
        return usd === null || usd === undefined ? [] : [[p.value, usd]];
      }),
    })),
  });
  try {
    await writeFile(file, svg);
  } catch (cause) {
    throw badInput(`--out: cannot write ${file}: ${(cause as Error).message}`, cause);
  }
}

function parseSla(text: string): { indicator: Indicator; targetS: number } {
  const [indicator, target] = text.split('=');
  const targetS = Number(target);
  if ((indicator === 'mean' || indicator === 'p95' || indicator === 'p99') && targetS > 0 && Number.isFinite(targetS)) {
    return { indicator, targetS };
  }
  throw badInput(`--sla: received "${text}", expected mean=SECONDS, p95=SECONDS or p99=SECONDS`);
}

function parseVary(text: string): { variable: Variable; from: number; to: number } {
  const match = /^(\w+)=([\d.eE+-]+?)\.\.([\d.eE+-]+)$/.exec(text);
  const variable = variables.find((v) => v === match?.[1]);
  const from = Number(match?.[2]);
  const to = Number(match?.[3]);
  if (variable === undefined || !(from > 0) || !(to > from) || !Number.isFinite(to)) {
    throw badInput(`--vary: received "${text}", expected ${variables.join(' | ')}=FROM..TO with 0 < FROM < TO`);
  }
  return { variable, from, to };
}

function parsePolicies(text: string): Policy[] {
  return text.split(',').map((name) => {
    const policy = policies.find((p) => p === name.trim());
    if (policy === undefined) throw badInput(`--policy: "${name}" is none of ${policies.join(', ')}`);
    return policy;
  });
}

const spread = (from: number, to: number, steps: number): number[] =>
  steps === 1
    ? [from]
    : Array.from({ length: steps }, (_, k) => Number((from + ((to - from) * k) / (steps - 1)).toPrecision(6)));

const show = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : String(Number(value.toPrecision(4)));
