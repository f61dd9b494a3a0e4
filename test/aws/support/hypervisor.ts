/**
 * What EC2 does beyond its API: a machine that moto lists as running boots here. Its metadata service answers with the tags it was launched
 * with, the image's own boot script writes the agent's environment from them, and the agent runs with the instance role's credentials.
 * Terminated, stopped: the process is gone, as a machine is.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { bootFiles } from '../../../lib/infra/agent-folder.ts';
import { buildAgent } from '../../../lib/local/build-agent.ts';
import { type FakeImds, parseEnvFile, startFakeImds } from '../../support/fake-imds.ts';
import { account } from './moto.ts';

interface Machine {
  id: string;
  place: string;
  zone: string;
  tags: Record<string, string>;
  spot: boolean;
  imds: FakeImds;
  agent: ChildProcess;
  log: string;
}

export interface Hypervisor {
  /** Machines whose agent runs now. */
  running(): Machine[];
  /** Every boot ever: a machine that was stopped and started again is there twice. */
  booted: Machine[];
  /** The endpoint's certificate, for NODE_EXTRA_CA_CERTS. */
  certFile: string;
  /** Boots that failed, with the reason. */
  failures: string[];
  stop(): Promise<void>;
}

/** How often EC2 is asked what runs. */
const lookEveryMs = 700;

export async function startHypervisor(options: {
  awsEndpoint: string;
  places: readonly string[];
  /** Certificate of the regional endpoint. */
  certPem: string;
}): Promise<Hypervisor> {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-hypervisor-'));
  const agentFile = join(folder, 'agent.mjs');
  await buildAgent(agentFile);
  const certFile = join(folder, 'endpoint.pem');
  await writeFile(certFile, options.certPem);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = options.places.map((region) => ({
    region,
    client: new EC2Client({ region, endpoint: options.awsEndpoint, credentials }),
  }));
  const machines = new Map<string, Machine>();
  const booted: Machine[] = [];
  const failures: string[] = [];
  let addresses = 1;

  async function boot(instance: Instance, place: string): Promise<void> {
    const id = instance.InstanceId!;
    const tags = Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key!, tag.Value!]));
    // All of 127.0.0.0/8 is this machine: every VM has an address of its own and the same port, as on EC2; another run beside has others.
    const publicIpv4 = `127.${1 + (process.pid % 254)}.9.${++addresses}`;
    const role = { name: 'surrogate', accessKeyId: 'ASIATEST', secretAccessKey: 'test', sessionToken: 'test' };
    const imds = await startFakeImds({ instanceId: id, region: place, accountId: account, publicIpv4, tags, role });
    const workDir = join(folder, id);
    // A machine that was stopped boots again from the disk it had.
    await mkdir(workDir, { recursive: true });
    const envFile = join(workDir, 'agent.env');
    await promisify(execFile)('sh', [join(bootFiles, 'agent-env.sh'), envFile], {
      env: { PATH: process.env.PATH, OAAS_IMDS: imds.endpoint },
    });
    const written = parseEnvFile(await readFile(envFile, 'utf8'));
    const agent = spawn(process.execPath, [agentFile], {
      env: {
        PATH: process.env.PATH,
        ...written,
        OAAS_LISTEN: `${publicIpv4}:8443`,
        OAAS_WORK_DIR: join(workDir, 'work'),
        OAAS_STRICT: '0',
        OAAS_DYNAMODB_ENDPOINT: options.awsEndpoint,
        OAAS_S3_ENDPOINT: options.awsEndpoint,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint,
        NODE_EXTRA_CA_CERTS: certFile,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const zone = instance.Placement?.AvailabilityZone ?? '';
    const machine: Machine = {
      id,
      place,
      zone,
      tags,
      spot: instance.InstanceLifecycle === 'spot',
      imds,
      agent,
      log: '',
    };
    agent.stderr?.on('data', (chunk: Buffer) => {
      machine.log = (machine.log + chunk.toString()).slice(-10_000);
    });
    machines.set(id, machine);
    booted.push(machine);
  }

  async function off(machine: Machine): Promise<void> {
    machines.delete(machine.id);
    machine.imds.close();
    if (machine.agent.exitCode === null && machine.agent.signalCode === null) {
      const gone = new Promise((resolve) => machine.agent.once('exit', resolve));
      machine.agent.kill('SIGKILL');
      await gone;
    }
  }

  async function look(): Promise<void> {
    for (const { region, client } of clients) {
      const { Reservations = [] } = await client.send(new DescribeInstancesCommand({}));
      for (const instance of Reservations.flatMap((reservation) => reservation.Instances ?? [])) {
        const known = machines.get(instance.InstanceId!);
        const runs = instance.State?.Name === 'running';
        if (known !== undefined && !runs) await off(known);
        if (known === undefined && runs)
          await boot(instance, region).catch((error: Error) =>
            failures.push(`${instance.InstanceId}: ${error.message}`),
          );
      }
    }
  }

  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      // EC2 that does not answer now is asked again.
      await look().catch(() => {});
      await sleep(lookEveryMs);
    }
  })();
  return {
    running: () => [...machines.values()],
    booted,
    certFile,
    failures,
    async stop() {
      stopped = true;
      await watching;
      await Promise.all([...machines.values()].map(off));
      for (const { client } of clients) client.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
