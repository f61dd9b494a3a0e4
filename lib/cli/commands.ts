import type { Command } from 'commander';

/** A command module: adds itself (name, description, options, action) to the program. */
export interface CommandModule {
  register(program: Command): void;
}

/** Every top-level command, under the headings and in the order in which `--help` lists them. Modules are loaded only when needed. */
export const commandLoaders: readonly { name: string; heading: string; load: () => Promise<CommandModule> }[] = [
  { name: 'start', heading: 'Start and try:', load: () => import('./commands/start.ts') },
  { name: 'quickstart', heading: 'Start and try:', load: () => import('./commands/quickstart.ts') },
  { name: 'run', heading: 'Start and try:', load: () => import('./commands/run.ts') },
  { name: 'load', heading: 'Start and try:', load: () => import('./commands/load.ts') },
  { name: 'status', heading: 'Look:', load: () => import('./commands/status.ts') },
  { name: 'explain', heading: 'Look:', load: () => import('./commands/explain.ts') },
  { name: 'tasks', heading: 'Look:', load: () => import('./commands/tasks.ts') },
  { name: 'descriptor', heading: 'Look:', load: () => import('./commands/descriptor.ts') },
  { name: 'app', heading: 'Change:', load: () => import('./commands/app.ts') },
  { name: 'sla', heading: 'Change:', load: () => import('./commands/sla.ts') },
  { name: 'group', heading: 'Change:', load: () => import('./commands/group.ts') },
  { name: 'kill', heading: 'Change:', load: () => import('./commands/kill.ts') },
  { name: 'model', heading: 'Calculate:', load: () => import('./commands/model.ts') },
  { name: 'plan', heading: 'Calculate:', load: () => import('./commands/plan.ts') },
  { name: 'prices', heading: 'Calculate:', load: () => import('./commands/prices.ts') },
  { name: 'whatif', heading: 'Calculate:', load: () => import('./commands/whatif.ts') },
  { name: 'forecast', heading: 'Calculate:', load: () => import('./commands/forecast.ts') },
  { name: 'simulate', heading: 'Calculate:', load: () => import('./commands/simulate.ts') },
  { name: 'schema', heading: 'Calculate:', load: () => import('./commands/schema.ts') },
  { name: 'experiment', heading: 'Reproduce:', load: () => import('./commands/experiment.ts') },
  { name: 'deploy', heading: 'On AWS:', load: () => import('./commands/deploy.ts') },
  { name: 'diff', heading: 'On AWS:', load: () => import('./commands/diff.ts') },
  { name: 'destroy', heading: 'On AWS:', load: () => import('./commands/destroy.ts') },
  { name: 'doctor', heading: 'On AWS:', load: () => import('./commands/doctor.ts') },
  { name: 'keys', heading: 'On AWS:', load: () => import('./commands/keys.ts') },
];
