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
  { name: 'start', load: () => import('./commands/start.ts') },
  { name: 'quickstart', load: () => import('./commands/quickstart.ts') },
  { name: 'run', load: () => import('./commands/run.ts') },
  { name: 'load', load: () => import('./commands/load.ts') },
  { name: 'status', load: () => import('./commands/status.ts') },
  { name: 'app', load: () => import('./commands/app.ts') },
  { name: 'sla', load: () => import('./commands/sla.ts') },
  { name: 'group', load: () => import('./commands/group.ts') },
  { name: 'tasks', load: () => import('./commands/tasks.ts') },
  { name: 'kill', load: () => import('./commands/kill.ts') },
  { name: 'plan', load: () => import('./commands/plan.ts') },
  { name: 'prices', load: () => import('./commands/prices.ts') },
  { name: 'whatif', load: () => import('./commands/whatif.ts') },
  { name: 'explain', load: () => import('./commands/explain.ts') },
  { name: 'descriptor', load: () => import('./commands/descriptor.ts') },
  { name: 'schema', load: () => import('./commands/schema.ts') },
  { name: 'simulate', load: () => import('./commands/simulate.ts') },
  { name: 'deploy', load: () => import('./commands/deploy.ts') },
  { name: 'diff', load: () => import('./commands/diff.ts') },
  { name: 'destroy', load: () => import('./commands/destroy.ts') },
  { name: 'doctor', load: () => import('./commands/doctor.ts') },
  { name: 'keys', load: () => import('./commands/keys.ts') },
];
