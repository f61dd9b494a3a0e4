import { type Command, Option } from 'commander';
import { catalogue } from '../../domain/pricing/catalogue.ts';
import { defaultOverheadUsdPerHour, offersFromCatalogue } from '../../domain/pricing/offers.ts';
import { usefulCapacityPerS } from '../../domain/pricing/useful-capacity.ts';
import { badInput, ExitCode } from '../errors.ts';
import { table, writeJson, writeLine } from '../io.ts';
import { addOfferOptions, type OfferOptions, offerRequestOf } from '../offer-options.ts';
import { positiveNumber, wholeNumber } from '../option-values.ts';

interface Options extends OfferOptions {
  targetS: number;
  limit: number;
  json?: boolean;
}

/** `oaas prices`: the catalogue ranked by USD per useful capacity. */
export function register(program: Command): void {
  const command = program
    .command('prices')
    .description(
      'rank VM types by USD per useful capacity (e = μ - 1/R on one core) for a response-time target and a demand',
    )
    .addOption(new Option('--target-s <seconds>', 'mean response-time target R').argParser(positiveNumber).default(0.2))
    .addOption(new Option('--limit <count>', 'rows to show').argParser(wholeNumber).default(20))
    .option('--json', 'write the whole ranking as JSON');
  addOfferOptions(command)
    .addHelpText(
      'after',
      `
The paper ranks by USD per service rate; a target takes 1/R requests/s off every one-core VM, so small VMs lose more than large ones.
Prices of burstable types are those of a VM kept busy (surplus credits included).

Examples:
  npx oaas prices --target-s 0.2 --demand-s 0.1 --region eu-west-1
  npx oaas prices --target-s 0.1 --demand-s 0.05 --region eu-west-1=0.002,eu-central-1=0.025 --arch arm64 --memory 4`,
    )
    .action(prices);
}

function prices(options: Options): void {
  const offers = offersFromCatalogue(offerRequestOf(options));
  if (offers.length === 0) {
    throw badInput('no type of the catalogue fits: loosen --memory, --vcpus, --arch or --request-memory');
  }
  const ranked = offers
    .map((offer) => {
      const usefulPerS = usefulCapacityPerS(offer, options.targetS);
      return {
        offer: offer.id,
        cores: offer.cores,
        serviceRatePerS: offer.serviceRatePerS,
        usefulCapacityPerS: usefulPerS,
        priceUsdPerHour: offer.priceUsdPerHour,
        usdPerMillionUseful: usefulPerS > 0 ? (offer.priceUsdPerHour / usefulPerS / 3600) * 1e6 : null,
        usdPerMillionAtFullLoad: (offer.priceUsdPerHour / offer.serviceRatePerS / 3600) * 1e6,
        networkS: offer.networkS,
      };
    })
    .sort(
      (a, b) =>
        (a.usdPerMillionUseful ?? Number.POSITIVE_INFINITY) - (b.usdPerMillionUseful ?? Number.POSITIVE_INFINITY),
    );
  const useful = ranked.filter((r) => r.usdPerMillionUseful !== null);
  if (useful.length === 0) process.exitCode = ExitCode.negative;
  if (options.json) {
    writeJson({ asOf: catalogue().asOf, targetS: options.targetS, demandS: options.demandS, ranking: ranked });
    return;
  }
  if (useful.length === 0) {
    const best = offers.reduce((a, b) => (loneS(b) < loneS(a) ? b : a));
    writeLine(
      `no type meets ${options.targetS} s: a lone request takes ${show(loneS(best))} s on the fastest, ${best.id}; raise --target-s or lower --demand-s`,
    );
    return;
  }
  writeLine(
    table(
      ['offer', 'cores', 'μ /s', 'useful /s', 'USD/h', 'USD per million useful', 'at full load', 'network ms'],
      useful
        .slice(0, options.limit)
        .map((r) => [
          r.offer,
          String(r.cores),
          show(r.serviceRatePerS),
          show(r.usefulCapacityPerS),
          r.priceUsdPerHour.toFixed(4),
          show(r.usdPerMillionUseful!),
          show(r.usdPerMillionAtFullLoad),
          show(r.networkS * 1000),
        ]),
    ),
  );
  writeLine();
  writeLine(
    `${useful.length} of ${ranked.length} offers can meet ${options.targetS} s at ${options.demandS} s of demand. Prices of ${catalogue().asOf}, on-demand, ` +
      `with $${options.overhead ?? defaultOverheadUsdPerHour}/h for address and disk.`,
  );
}

const loneS = (o: { networkS: number; cores: number; serviceRatePerS: number }): number =>
  o.networkS + o.cores / o.serviceRatePerS;
const show = (value: number): string => String(Number(value.toPrecision(4)));
