import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { badInput } from '../errors.ts';
import { writeJson } from '../io.ts';

/** What a command reads with `--file` (null: no document) and what it writes with `--json`. */
interface CommandSchemas {
  input: z.ZodType | null;
  output: z.ZodType;
}

type OutputContracts = typeof import('../../ports/contracts/cli-output.ts');

const only =
  (choose: (contracts: OutputContracts) => z.ZodType): (() => Promise<CommandSchemas>) =>
  async () => ({ input: null, output: choose(await import('../../ports/contracts/cli-output.ts')) });

/** Commands with published schemas. To add one: a line here. */
export const schemaLoaders: Readonly<Record<string, () => Promise<CommandSchemas>>> = {
  model: async () => {
    const { modelInputSchema, modelResultSchema } = await import('../../ports/contracts/model.ts');
    return { input: modelInputSchema, output: modelResultSchema };
  },
  plan: async () => {
    const { planProblemSchema, planResultSchema } = await import('../../ports/contracts/plan.ts');
    return { input: planProblemSchema, output: planResultSchema };
  },
  simulate: async () => {
    const { scenarioSchema, scenarioResultSchema } = await import('../../ports/contracts/simulate.ts');
    return { input: scenarioSchema, output: scenarioResultSchema };
  },
  sla: async () => ({
    input: (await import('../../ports/contracts/config.ts')).slaSchema,
    output: (await import('../../ports/contracts/cli-output.ts')).slaOutputSchema,
  }),
  group: async () => ({
    input: (await import('../../ports/contracts/config.ts')).groupSchema,
    output: (await import('../../ports/contracts/cli-output.ts')).groupOutputSchema,
  }),
  app: async () => ({
    input: (await import('../../ports/contracts/config.ts')).manifestSchema,
    output: (await import('../../ports/contracts/cli-output.ts')).appOutputSchema,
  }),
  backtest: only((c) => c.backtestOutputSchema),
  descriptor: async () => ({
    input: null,
    output: (await import('../../ports/contracts/operator.ts')).descriptorSchema,
  }),
  doctor: only((c) => c.doctorOutputSchema),
  experiments: only((c) => c.experimentsOutputSchema),
  explain: only((c) => c.explainOutputSchema),
  forecast: only((c) => c.forecastOutputSchema),
  keys: only((c) => c.keysOutputSchema),
  kill: only((c) => c.killOutputSchema),
  'live-plan': only((c) => c.livePlanOutputSchema),
  load: only((c) => c.loadOutputSchema),
  'load-population': only((c) => c.populationOutputSchema),
  prices: only((c) => c.pricesOutputSchema),
  quickstart: only((c) => c.quickstartOutputSchema),
  run: only((c) => c.runOutputSchema),
  start: only((c) => c.startOutputSchema),
  status: only((c) => c.statusOutputSchema),
  tasks: only((c) => c.tasksOutputSchema),
  whatif: only((c) => c.whatifOutputSchema),
};

/** `oaas schema NAME`: the JSON Schema of what a command reads, or with `--output` of what it writes. */
export function register(program: Command): void {
  program
    .command('schema')
    .description("print the JSON Schema of a command's input (or --output)")
    .addArgument(new Argument('<command>', 'the command').choices(Object.keys(schemaLoaders)))
    .option('--output', 'the schema of what the command writes with --json')
    .addHelpText(
      'after',
      `
"backtest" is \`forecast --backtest\`, "live-plan" is \`plan --live\`, "experiments" is \`experiment list\`; sla, group and app:
what \`put\` reads and \`list\` writes. Fields are added within a major version, never renamed or removed.`,
    )
    .action(async (name: string, options: { output?: boolean }) => {
      const schemas = await schemaLoaders[name]!();
      if (options.output) return writeJson(z.toJSONSchema(schemas.output, { io: 'output', unrepresentable: 'any' }));
      if (schemas.input === null) {
        throw badInput(`${name} reads no document; what it writes: npx oaas schema ${name} --output`);
      }
      writeJson(z.toJSONSchema(schemas.input, { io: 'input' }));
    });
}
