import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { createSsmClient, createSsmKeyStorage } from '../../adapters/aws/ssm-key-storage.ts';
import { createFileKeyStorage, localPublishAheadMs, ticketKeyFile } from '../../adapters/local/ticket-keys.ts';
import { rotateNow, ticketKeyPolicy } from '../../adapters/node/key-ring.ts';
import { names } from '../../infra/names.ts';
import type { StoredTicketKey, TicketKeyStorage } from '../../ports/tickets.ts';
import { type DeployOptions, deployOptions, readDeployment } from '../cdk.ts';
import { badInput } from '../errors.ts';
import { table, writeJson, writeLine } from '../io.ts';
import { timeOf } from '../operator.ts';

interface KeysOptions extends DeployOptions {
  region?: string;
  data?: string;
  revoke?: boolean;
  json?: boolean;
}

interface Ring {
  region: string;
  storage: TicketKeyStorage;
  /** A new key signs this long after it was made, in words. */
  signsAfter: string;
}

/** `oaas keys`: the keys that sign tickets, never their private halves. */
export function register(program: Command): void {
  const command = program.command('keys').description('ticket-signing keys of each region: list, rotate');
  const options = (sub: Command) =>
    deployOptions(sub)
      .option('--region <home>', 'one region (default: all)')
      .option('--data <dir>', "a local system's data folder instead of the deployment on AWS")
      .addOption(new Option('--json', 'machine-readable'));
  options(command.command('list'))
    .description('key ids and ages')
    .action(async (given: KeysOptions) => {
      const rings = await ringsOf(given);
      const found = await Promise.all(
        rings.map(async ({ region, storage }) => ({ region, keys: (await storage.read()) ?? [] })),
      );
      show(
        found.flatMap(({ region, keys }) => keys.map((key) => row(region, key))),
        given,
      );
    });
  options(command.command('rotate'))
    .description('add a new key now; tickets of the old ones stay good until they expire')
    .option('--revoke', 'forget the old keys at once: their tickets are refused within a minute')
    .addHelpText(
      'after',
      `
On AWS keys rotate by themselves once a month; this is for when one may have become known.

Examples:
  $ npx oaas keys rotate --region eu-central-1
  $ npx oaas keys rotate --revoke
  $ npx oaas keys rotate --data .oaas`,
    )
    .action(async (given: KeysOptions) => {
      const made: KeyRow[] = [];
      const rings = await ringsOf(given);
      for (const { region, storage } of rings) {
        const revoke = given.revoke === true;
        const ring = await rotateNow(storage, { nowMs: Date.now(), keepMs: ticketKeyPolicy.keepMs, revoke });
        made.push(...ring.map((key) => row(region, key)));
      }
      show(made, given);
      if (!given.json && !given.revoke) writeLine(`the newest signs in ${rings[0]?.signsAfter}, when all know it`);
    });
}

interface KeyRow {
  region: string;
  kid: string;
  made: string;
}
const row = (region: string, { kid, createdAtMs }: StoredTicketKey): KeyRow => ({
  region,
  kid,
  made: timeOf(createdAtMs),
});

function show(rows: readonly KeyRow[], { json }: KeysOptions): void {
  if (json) writeJson(rows);
  else
    writeLine(
      table(
        ['region', 'key', 'made (UTC)'],
        rows.map(({ region, kid, made }) => [region, kid, made]),
      ),
    );
}

/** @throws CliError when the region or folder has no keys */
async function ringsOf(options: KeysOptions): Promise<Ring[]> {
  const rings = options.data === undefined ? await awsRings(options) : await localRings(options.data);
  const chosen = rings.filter(({ region }) => options.region === undefined || region === options.region);
  if (chosen.length > 0) return chosen;
  const known = rings.map(({ region }) => region).join(', ') || 'none';
  throw badInput(
    options.region === undefined
      ? `no ticket keys in ${options.data}; start a system there first (npx oaas start --data ${options.data})`
      : `--region "${options.region}" is no region with keys; there are: ${known}`,
  );
}

async function awsRings(options: DeployOptions): Promise<Ring[]> {
  const deployment = await readDeployment(options);
  return deployment.geographies.map(({ home }) => ({
    region: home,
    storage: createSsmKeyStorage(createSsmClient({ region: home }), names.ticketKeyParameter(deployment, home)),
    signsAfter: 'an hour',
  }));
}

async function localRings(folder: string): Promise<Ring[]> {
  const pattern = new RegExp(`^${ticketKeyFile('(.+)').replaceAll('.json', '\\.json')}$`);
  const files = await readdir(folder).catch(() => []);
  return files.flatMap((name) => {
    const region = pattern.exec(name)?.[1];
    if (region === undefined) return [];
    const signsAfter = `${localPublishAheadMs / 1000} seconds`;
    return [{ region, storage: createFileKeyStorage(join(folder, name)), signsAfter }];
  });
}
