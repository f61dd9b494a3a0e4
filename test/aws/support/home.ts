/** One geography deployed into moto, and its functions running as deployed: the asset of cdk.out with the environment that CloudFormation gave. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cdkWith, direct } from './cdk.ts';
import { type LambdaFunction, startLambda } from './lambda.ts';
import { account, type Inventory, type Moto, startMoto } from './moto.ts';

export const home = 'eu-central-1';
export const places = [home, 'eu-north-1'];
const stack = 'Oaas-Region-europe';
const document = {
  geographies: [
    {
      id: 'europe',
      home,
      dataCentres: [
        { id: home, networkMs: 0 },
        { id: 'eu-north-1', networkMs: 24 },
      ],
    },
  ],
  slotMinutes: 1,
  bootLeadS: 3,
};

export interface DeployedHome {
  moto: Moto;
  held: Inventory;
  /** Starts a deployed function by its folder in lambdas/; `extra` goes over its own environment. */
  start(service: string, extra?: Record<string, string>): Promise<LambdaFunction>;
  stop(): Promise<void>;
}

export async function deployHome(): Promise<DeployedHome> {
  const moto = await startMoto();
  const folder = await mkdtemp(join(tmpdir(), 'oaas-home-'));
  const started: LambdaFunction[] = [];
  const stop = async () => {
    await Promise.all(started.map((fn) => fn.stop()));
    await moto.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const cdk = cdkWith(moto.env);
    const out = join(folder, 'cdk.out');
    await cdk(['bootstrap', ...places.map((place) => `aws://${account}/${place}`)]);
    await cdk(['deploy', '--all', '-c', `oaas=${JSON.stringify(document)}`, '-o', out, ...direct]);
    const held = (await moto.inventory(home))[home]!;
    const template = JSON.parse(await readFile(join(out, `${stack}.template.json`), 'utf8')) as {
      Resources: Record<string, { Metadata?: Record<string, string> }>;
    };
    const start = async (service: string, extra: Record<string, string> = {}) => {
      const fn = held.functions.find((f) => f.environment.POWERTOOLS_SERVICE_NAME === service);
      const asset = template.Resources[fn?.logical ?? '']?.Metadata?.['aws:asset:path'];
      if (fn === undefined || asset === undefined) throw new Error(`no function of ${service} is deployed`);
      const running = await startLambda({
        asset: join(out, asset),
        handler: fn.handler,
        name: fn.name,
        region: home,
        environment: { ...fn.environment, OAAS_AWS_ENDPOINT: moto.endpoint, ...extra },
      });
      started.push(running);
      return running;
    };
    return { moto, held, start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
