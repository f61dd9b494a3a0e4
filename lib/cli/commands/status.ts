import type { Command } from 'commander';
import { type PoolStatus, type StatusResponse, statusResponseSchema } from '../../ports/contracts/operator.ts';
import { paths } from '../../ports/contracts/wire.ts';
import { strong, warn } from '../colour.ts';
import { printable, table, writeJson, writeLine } from '../io.ts';
import { findOperator, type Operator, type OperatorOptions, operatorOptions, shown } from '../operator.ts';

interface StatusOptions extends OperatorOptions {
  watch?: boolean;
  vms?: boolean;
}

const watchEveryMs = 2_000;

/** `oaas status`: pools, promises, machines, rent and faults of every region. */
export function register(program: Command): void {
  operatorOptions(program.command('status'))
    .description('pools with promise, prediction and measurement, machines, rent and faults')
    .option('--watch', 'again every two seconds until Ctrl-C')
    .option('--vms', 'every machine too')
    .addHelpText(
      'after',
      `
Columns: target is the SLA's (ms, for its indicator), model what the last plan predicts for it, seen the mean
measured in the last slot; VMs ready (+booting -draining !unhealthy); req/s of the last slot against what the
fleet was planned for.

Examples:
  $ npx oaas status --watch
  $ npx oaas status --region europe --vms
  $ npx oaas status --json | jq .[].scaling.rentUsdPerHour`,
    )
    .action(async (options: StatusOptions) => {
      const operator = await findOperator(options);
      if (options.watch !== true) return print(await read(operator), options);
      for (;;) {
        const status = await read(operator);
        if (process.stdout.isTTY && !options.json) process.stdout.write('\u001b[2J\u001b[H');
        print(status, options);
        await new Promise((resolve) => setTimeout(resolve, watchEveryMs));
      }
    });
}

function read(operator: Operator): Promise<StatusResponse[]> {
  return Promise.all(operator.regions.map((region) => operator.get(region, paths.status, statusResponseSchema)));
}

function print(regions: readonly StatusResponse[], options: StatusOptions): void {
  if (options.json) {
    writeJson(regions);
    return;
  }
  for (const { endpoint, scaling } of regions) {
    const rent = `$${scaling.rentUsdPerHour.toFixed(4)}/h`;
    writeLine(
      `${strong(`${scaling.geography} (${scaling.region})`)}  ${endpoint}  slot ${scaling.slotMs / 1000} s  ${rent}`,
    );
    if (scaling.pools.length === 0) writeLine('no pool yet: register an app or send a request');
    else
      writeLine(
        table(['pool', 'target', 'model', 'seen', 'VMs', 'req/s', 'plan/s', 'USD/h'], scaling.pools.map(poolCells)),
      );
    if (options.vms && scaling.vms.length > 0) {
      writeLine();
      writeLine(
        table(
          ['vm', 'offer', 'state', 'run', 'wait', 'age'],
          scaling.vms.map((vm) => [
            vm.vmId,
            vm.offer,
            vm.state,
            shown(vm.running),
            shown(vm.waiting),
            `${vm.ageS.toFixed(0)} s`,
          ]),
        ),
      );
    }
    const faults = [...scaling.faults, ...scaling.pools.flatMap((pool) => pool.faults)];
    for (const line of new Set(faults.map((fault) => `! ${fault.kind}: ${fault.detail}`)))
      writeLine(warn(printable(line)));
    writeLine();
  }
}

function poolCells(pool: PoolStatus): string[] {
  const { ready, starting, draining, unhealthy } = pool.vms;
  const machines = [
    String(ready),
    starting > 0 ? `+${starting}` : '',
    draining > 0 ? `-${draining}` : '',
    unhealthy > 0 ? `!${unhealthy}` : '',
  ];
  return [
    `${pool.groupId}/${pool.sla.id}`,
    String(pool.sla.targetMs),
    shown(pool.predictedMs),
    shown(pool.measuredMeanMs),
    machines.join(''),
    shown(pool.arrivalRatePerS, 1),
    shown(pool.forecastRatePerS, 1),
    pool.rentUsdPerHour.toFixed(4),
  ];
}
