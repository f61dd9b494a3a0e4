import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replicaSteps } from '../../lib/cli/cdk.ts';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { artComponent, runtimeComponent } from '../../lib/infra/constructs/image-components.ts';
import { parseAgentEnv } from '../../lib/ports/contracts/agent-env.ts';

interface Document {
  phases: { name: string; steps: { name: string; inputs: { commands?: string[] } }[] }[];
}

describe('image components', () => {
  const art = artComponent({ systemImageUrl: 'https://example.org/x.zip', sha256: 'a'.repeat(64) });
  const files = { bucket: 'assets', key: 'agent.zip' };
  const documents = [runtimeComponent('x86_64', files), runtimeComponent('arm64', files), art] as Document[];

  it('consist of commands that a shell can read', () => {
    for (const { phases } of documents) {
      for (const { inputs } of phases.flatMap((phase) => phase.steps)) {
        if (inputs.commands !== undefined) execFileSync('bash', ['-n'], { input: inputs.commands.join('\n') });
      }
    }
  });

  it('test what they have built: Node, JVM, sandbox and a dex', () => {
    const tests = documents.map(({ phases }) =>
      phases.find((phase) => phase.name === 'test')?.steps.map((s) => s.name),
    );
    expect(tests[0]).toEqual(['NodeRuns', 'JvmRuns', 'SandboxRuns', 'AgentParses']);
    expect(tests[2]).toEqual(['DexRuns']);
  });
});

it('a machine writes the environment of its agent from its own metadata, over IMDSv2 only', async () => {
  const tags: Record<string, string> = {
    'oaas-region': 'eu-central-1',
    'oaas-owner': 'oaas',
    'oaas-pool': 'eu-central-1.general.default',
    'oaas-cores': '2',
    'oaas-core-speed': '0.99',
    'oaas-memory-mib': '4096',
    'oaas-sharing-limit': '8',
    'oaas-queue-limit': '16',
    'oaas-endpoint': 'https://api.example.org',
  };
  const values: Record<string, string> = {
    'meta-data/instance-id': 'i-0123456789abcdef0',
    'meta-data/placement/region': 'eu-north-1',
    'meta-data/services/partition': 'aws',
    'meta-data/public-ipv4': '192.0.2.7',
    'dynamic/instance-identity/document': '{\n  "accountId" : "123456789012"\n}',
  };
  const imds = createServer((request, response) => {
    const path = (request.url ?? '').replace('/latest/', '');
    if (request.method === 'PUT' && path === 'api/token') return response.end('token-1');
    const value = request.headers['x-aws-ec2-metadata-token'] === 'token-1' ? values[path] : undefined;
    const tag = tags[path.replace('meta-data/tags/instance/', '')];
    response.statusCode = (value ?? tag) === undefined ? 401 : 200;
    return response.end(value ?? tag);
  });
  await new Promise<void>((resolve) => imds.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'oaas-boot-'));
  try {
    const file = join(folder, 'agent.env');
    const env = { PATH: process.env.PATH, OAAS_IMDS: `http://127.0.0.1:${(imds.address() as AddressInfo).port}` };
    await promisify(execFile)('sh', [join(bootFiles, 'agent-env.sh'), file], { env });
    const text = await readFile(file, 'utf8');
    const parsed = parseAgentEnv(
      Object.fromEntries(
        text
          .trim()
          .split('\n')
          .map((line) => line.split(/=(.*)/s, 2)),
      ),
    );
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        vmId: 'i-0123456789abcdef0-eu-north-1',
        principal: 'arn:aws:ec2:eu-north-1:123456789012:instance/i-0123456789abcdef0',
        region: 'eu-central-1',
        stateTable: 'oaas-state-eu-central-1',
        publicUrl: 'https://192.0.2.7:8443',
        listenPort: 8443,
        cores: 2,
        agentToken: undefined,
      },
    });
  } finally {
    imds.close();
    await rm(folder, { recursive: true });
  }
});

it('home regions join one per step, and those that have joined take no step', () => {
  expect(replicaSteps(3, undefined)).toEqual([0, 1, 2]);
  expect(replicaSteps(3, 0)).toEqual([1, 2]);
  expect(replicaSteps(3, 2)).toEqual([]);
  expect(replicaSteps(1, undefined)).toEqual([0]);
});
