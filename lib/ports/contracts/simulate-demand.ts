import { z } from 'zod';

const positive = z.number().gt(0).max(1e9);

const simpleDemand = {
  scv: positive.optional().describe('squared coefficient of variation'),
  phases: z.int().min(1).max(1000).optional().describe('erlang: scv = 1 / phases'),
  values: z.array(z.number().min(0)).min(1).max(1_000_000).optional().describe('empirical: drawn with replacement'),
};
const distributions = [
  'exponential',
  'deterministic',
  'lognormal',
  'pareto',
  'hyperexponential',
  'erlang',
  'empirical',
] as const;

/** Parameter that a distribution cannot do without. */
const needed = {
  lognormal: 'scv',
  pareto: 'scv',
  hyperexponential: 'scv',
  erlang: 'phases',
  empirical: 'values',
} as const;

function checkDemand(
  demand: {
    distribution: string;
    scv?: number | undefined;
    phases?: number | undefined;
    values?: number[] | undefined;
  },
  issues: z.core.$ZodRawIssue[],
): void {
  const parameter = needed[demand.distribution as keyof typeof needed];
  if (parameter !== undefined && demand[parameter] === undefined) {
    issues.push({
      code: 'custom',
      input: demand,
      path: [parameter],
      message: `"${demand.distribution}" needs ${parameter}`,
    });
  }
  if (demand.distribution === 'hyperexponential' && demand.scv !== undefined && demand.scv < 1) {
    issues.push({
      code: 'custom',
      input: demand,
      path: ['scv'],
      message: 'a hyperexponential has an scv of 1 or more',
    });
  }
}

export const appDemand = z
  .strictObject({ distribution: z.enum(distributions), ...simpleDemand })
  .check((ctx) => checkDemand(ctx.value, ctx.issues));

/** Service demand of a scenario: a distribution, or several apps in one pool. */
export const demand = z
  .strictObject({
    distribution: z.enum([...distributions, 'mixture']).default('exponential'),
    ...simpleDemand,
    apps: z
      .array(
        z.strictObject({ share: positive, mean: positive, demand: appDemand.default({ distribution: 'exponential' }) }),
      )
      .min(1)
      .max(1000)
      .optional()
      .describe('mixture: several apps in one pool; shares and means are relative, the whole is scaled to mean 1'),
  })
  .check((ctx) => {
    checkDemand(ctx.value, ctx.issues);
    if (ctx.value.distribution === 'mixture' && ctx.value.apps === undefined) {
      ctx.issues.push({ code: 'custom', input: ctx.value, path: ['apps'], message: '"mixture" needs apps' });
    }
  });
