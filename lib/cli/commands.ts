import type { Command } from 'commander';

/** A command module: adds itself (name, description, options, action) to the program. */
export interface CommandModule {
  register(program: Command): void;
}

/** Every top-level command, in the order `--help` lists them. Modules are loaded only when needed. */
export const commandLoaders: readonly { name: string; load: () => Promise<CommandModule> }[] = [
  { name: 'experiment', load: () => import('./commands/experiment.ts') },
  { name: 'forecast', load: () => import('./commands/forecast.ts') },
  { name: 'model', load: () => import('./commands/model.ts') },
  { name: 'plan', load: () => import('./commands/plan.ts') },
  { name: 'prices', load: () => import('./commands/prices.ts') },
  { name: 'whatif', load: () => import('./commands/whatif.ts') },
  { name: 'schema', load: () => import('./commands/schema.ts') },
  { name: 'simulate', load: () => import('./commands/simulate.ts') },
];
