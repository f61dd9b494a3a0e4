import { type Command, Option } from 'commander';
import { catalogue } from '../domain/pricing/catalogue.ts';
import { defaultOverheadUsdPerHour, type OfferRequest } from '../domain/pricing/offers.ts';
import { badInput } from './errors.ts';
import { nonNegativeNumber, positiveNumber } from './option-values.ts';

/** Options that pick offers of the catalogue; shared by `prices` and `whatif`. */
export interface OfferOptions {
  demandS: number;
  region: string;
  memory?: number;
  vcpus?: number;
  arch?: 'x86_64' | 'arm64';
  requestMemory?: number;
  networkS: number;
  overhead?: number;
}

export function addOfferOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--demand-s <seconds>', 'CPU seconds of one request on the reference core')
        .argParser(positiveNumber)
        .default(0.1),
    )
    .option(
      '--region <names>',
      'AWS regions, comma separated, each with its round trip if you like: eu-west-1=0.002',
      'eu-west-1',
    )
    .addOption(
      new Option('--network-s <seconds>', 'round trip to regions without one of their own')
        .argParser(nonNegativeNumber)
        .default(0),
    )
    .addOption(new Option('--memory <GiB>', 'least memory of a VM').argParser(nonNegativeNumber))
    .addOption(new Option('--vcpus <count>', 'least vCPUs of a VM').argParser(nonNegativeNumber))
    .addOption(new Option('--arch <architecture>', 'only this architecture').choices(['x86_64', 'arm64']))
    .addOption(
      new Option('--request-memory <GiB>', 'memory of one running request').argParser(positiveNumber).default(0.25),
    )
    .addOption(
      new Option('--overhead <usd>', 'USD per hour and VM for address and disk')
        .argParser(nonNegativeNumber)
        .default(defaultOverheadUsdPerHour),
    );
}

/** @throws CliError naming an unknown region or a malformed round trip */
export function offerRequestOf(options: OfferOptions): OfferRequest {
  const regions = options.region.split(',').map((part) => {
    const [name, network] = part.trim().split('=');
    if (!catalogue().regions.includes(name!)) {
      throw badInput(`--region: "${name}" is not in the catalogue; it has ${catalogue().regions.join(', ')}`);
    }
    const networkS = network === undefined ? options.networkS : Number(network);
    if (!Number.isFinite(networkS) || networkS < 0 || network === '') {
      throw badInput(`--region: the round trip of ${name} is "${network}", expected seconds of at least 0`);
    }
    return { name: name!, networkS };
  });
  return {
    regions,
    demandS: options.demandS,
    memoryGib: options.memory,
    vcpus: options.vcpus,
    architecture: options.arch,
    requestMemoryGib: options.requestMemory,
    overheadUsdPerHour: options.overhead,
  };
}
