import type { Command } from 'commander';
import { type Descriptor, descriptorSchema, operatorPaths } from '../../ports/contracts/operator.ts';
import { writeJson } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from '../operator.ts';

/** `oaas descriptor`: the IoT paper's JSON back-end descriptor of what runs now. */
export function register(program: Command): void {
  operatorOptions(program.command('descriptor'))
    .description("the IoT paper's back-end descriptor: app, host, ports and location (always JSON)")
    .addHelpText('after', '\nExample:\n  $ npx oaas descriptor > backends.json')
    .action(async (options: OperatorOptions) => {
      const operator = await findOperator(options);
      const all = await Promise.all(
        operator.regions.map((region) => operator.get(region, operatorPaths.descriptor, descriptorSchema)),
      );
      writeJson(combine(all));
    });
}

/** One descriptor of several regions'; hosts that appear in more than one have all their ports and locations. */
function combine(descriptors: readonly Descriptor[]): Descriptor {
  const result: Descriptor = {};
  for (const descriptor of descriptors) {
    for (const [app, hosts] of Object.entries(descriptor)) {
      const own = result[app] ?? {};
      for (const [host, { ports, location }] of Object.entries(hosts)) {
        const known = own[host];
        own[host] = known
          ? { ports: [...known.ports, ...ports].sort((a, b) => a - b), location: `${known.location}, ${location}` }
          : { ports, location };
      }
      result[app] = own;
    }
  }
  return result;
}
