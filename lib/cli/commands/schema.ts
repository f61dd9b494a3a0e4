import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { writeJson } from '../io.ts';

/** The two documents of a command: what it reads and what `--json` writes. */
interface CommandSchemas {
  input: z.ZodType;
  output: z.ZodType;
}

/** Commands with published schemas. To add one: a line here. */
const schemaLoaders: Readonly<Record<string, () => Promise<CommandSchemas>>> = {
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
};

/** `oaas schema NAME`: the JSON Schema of what a command reads, or with `--output` of what it writes. */
export function register(program: Command): void {
  program
    .command('schema')
    .description("print the JSON Schema of a command's input (or --output)")
    .addArgument(new Argument('<command>', 'the command').choices(Object.keys(schemaLoaders)))
    .option('--output', 'the schema of what the command writes with --json')
    .action(async (name: string, options: { output?: boolean }) => {
      const schemas = await schemaLoaders[name]!();
      writeJson(
        options.output
          ? z.toJSONSchema(schemas.output, { io: 'output' })
          : z.toJSONSchema(schemas.input, { io: 'input' }),
      );
    });
}
