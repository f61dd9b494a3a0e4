import { createRequire } from 'node:module';

/** The part of the `highs` package (a WASM build of the MILP solver) that the tests use; its own typing lacks the callable default. */
interface Highs {
  solve(model: string, options?: Record<string, number>): { Status: string; ObjectiveValue: number };
}

type Loader = () => Promise<Highs>;

export const loadHighs = (): Promise<Highs> => (createRequire(import.meta.url)('highs') as Loader)();

/** min cost·x, rows·x ≥ atLeast, 0 ≤ x ≤ max in CPLEX LP format. */
export function lpText(
  cost: readonly number[],
  max: readonly number[],
  rows: readonly { worth: readonly number[]; atLeast: number }[],
  whole: boolean,
): string {
  const sum = (values: readonly number[]) =>
    values.map((v, j) => `${v < 0 ? '-' : '+'} ${Math.abs(v)} x${j}`).join(' ');
  return `Minimize
 obj: ${sum(cost)}
Subject To
${rows.map((r, i) => ` r${i}: ${sum(r.worth)} >= ${r.atLeast}`).join('\n')}
Bounds
${max.map((m, j) => ` 0 <= x${j} <= ${m}`).join('\n')}
${whole ? `General\n ${cost.map((_, j) => `x${j}`).join(' ')}\n` : ''}End
`;
}
