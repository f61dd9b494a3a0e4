import type { Command } from 'commander';
import { addConfigCommand, addPutDocument, type ConfigCommands, given, withDefaults } from '../config-commands.ts';
import { parseNumber } from '../units.ts';

const whole = (option: string, min: number) => (text: string) =>
  parseNumber(text, option, { min, max: 1_048_576, integer: true });
const positive = (option: string) => (text: string) => parseNumber(text, option, { min: 0, max: 1_000_000 });
const list = (text: string) => text.split(',').map((part) => part.trim());

/** What a machine is told when it is launched and keeps while it lives. Between snapshot and session nothing changes for it. */
const frozen: Record<string, (row: Record<string, unknown>) => unknown> = {
  'instance types': (row) => row.instanceTypes,
  'purchase options': (row) => row.purchaseOptions,
  'sharing limit': (row) => row.sharingLimit,
  'queue limit': (row) => row.queueLimit,
  'dispatch mode': (row) => (row.dispatch as { mode?: string } | undefined)?.mode === 'exact',
};

const group: ConfigCommands = {
  kind: 'group',
  description: 'VM-type groups: which apps they serve, what may be rented for them, how requests are spread',
  columns: ['group', 'serves', 'MiB', 'vCPU', 'rents', 'dispatch', 'VMs'],
  cells(row) {
    const r = withDefaults('group', row);
    const dispatch = r.dispatch as { mode?: string; policy?: string } | undefined;
    return [
      String(r.id),
      String(r.runtimes),
      String(r.memoryMiB),
      String(r.vcpus),
      String(r.instanceTypes).slice(0, 22),
      `${dispatch?.mode} ${dispatch?.policy}`,
      `${r.minVms}-${r.maxVms}`,
    ];
  },
  putOptions: (command) =>
    command
      .option('--runtimes <list>', 'node, jvm, art', list)
      .option('--memory <MiB>', 'most memory that an app may ask for', whole('--memory', 1))
      .option('--vcpus <n>', 'most vCPUs that an app may ask for', positive('--vcpus'))
      .option('--types <list>', 'instance types to rent, with * patterns', list)
      .option('--mode <name>', 'dispatch mode: exact, snapshot or session')
      .option('--policy <name>', 'jsq, round-robin, even or capacity')
      .option('--candidates <k>', 'VMs named by a session ticket', whole('--candidates', 1))
      .option('--threshold <n>', 'tasks at which a VM hands on', whole('--threshold', 1))
      .option('--sharing-limit <N>', 'tasks at once per VM', whole('--sharing-limit', 1))
      .option('--queue-limit <n>', 'admitted tasks that may wait per VM', whole('--queue-limit', 0))
      .option('--min-vms <n>', 'fewest VMs', whole('--min-vms', 0))
      .option('--warm-vms <n>', 'machines kept stopped, ready sooner than a launch', whole('--warm-vms', 0))
      .option('--max-vms <n>', 'most VMs', whole('--max-vms', 1))
      .option('--max-usd <amount>', 'most rent per hour', positive('--max-usd')),
  changes: (o) =>
    given({
      runtimes: o.runtimes,
      memoryMiB: o.memory,
      vcpus: o.vcpus,
      instanceTypes: o.types,
      dispatch: { mode: o.mode, policy: o.policy, candidates: o.candidates, threshold: o.threshold },
      sharingLimit: o.sharingLimit,
      queueLimit: o.queueLimit,
      minVms: o.minVms,
      warmVms: o.warmVms,
      maxVms: o.maxVms,
      maxUsdPerHour: o.maxUsd,
    }),
  consequence(before, after) {
    const changed = Object.entries(frozen).flatMap(([name, of]) =>
      JSON.stringify(of(before)) === JSON.stringify(of(after)) ? [] : [name],
    );
    return changed.length === 0
      ? null
      : `machines rented before are replaced, successors first (${changed.join(', ')}); see npx oaas explain`;
  },
  putHelp: `
Examples:
  $ npx oaas group put node-small --mode exact
  $ npx oaas group put node-small --policy round-robin --max-vms 4
  $ npx oaas group put big --runtimes node --memory 2048 --vcpus 2 --types 'local.large'
  $ npx oaas group put --file group.json`,
};

export function register(program: Command): void {
  addPutDocument(addConfigCommand(program, group), group);
}
