import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replicaSteps } from '../../lib/cli/cdk.ts';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { artComponent, runtimeComponent } from '../../lib/infra/constructs/image-components.ts';
import { parseAgentEnv } from '../../lib/ports/contracts/agent-env.ts';
import { parseEnvFile, sampleInstance, startFakeImds } from '../support/fake-imds.ts';

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

describe('a machine', () => {
  it('writes the environment of its agent from its own metadata, over IMDSv2 only', async () => {
    const { text } = await bootEnvironment({});
    expect(parseAgentEnv(parseEnvFile(text))).toMatchObject({
      ok: true,
      config: {
        vmId: 'i-0123456789abcdef0-eu-north-1',
        principal: 'arn:aws:ec2:eu-north-1:123456789012:instance/i-0123456789abcdef0',
        region: 'eu-central-1',
        stateTable: 'oaas-state-eu-central-1',
        bundleBucket: 'oaas-bundles-123456789012-eu-central-1',
        endpoint: 'https://api.example.org',
        publicUrl: 'https://192.0.2.7:8443',
        listenPort: 8443,
        cores: 2,
        exact: true,
        strict: true,
        agentToken: undefined,
      },
    });
    expect(text).not.toMatch(/TOKEN|KEY|SECRET/);
  });

  it.each([
    ['a tag is missing', { 'oaas-pool': undefined }, /no meta-data\/tags\/instance\/oaas-pool/],
    ['a tag would begin another line', { 'oaas-pool': 'p\nOAAS_OPEN=1' }, /oaas-pool is not a plain value/],
    ['a tag is empty', { 'oaas-endpoint': '' }, /oaas-endpoint is not a plain value/],
  ])('writes none when %s', async (_, tags, reason) => {
    await expect(bootEnvironment(tags)).rejects.toThrow(reason);
  });
});

async function bootEnvironment(tags: Record<string, string | undefined>): Promise<{ text: string }> {
  const imds = await startFakeImds(sampleInstance(tags));
  const folder = await mkdtemp(join(tmpdir(), 'oaas-boot-'));
  try {
    const file = join(folder, 'agent.env');
    const env = { PATH: process.env.PATH, OAAS_IMDS: imds.endpoint };
    await promisify(execFile)('sh', [join(bootFiles, 'agent-env.sh'), file], { env });
    return { text: await readFile(file, 'utf8') };
  } finally {
    imds.close();
    await rm(folder, { recursive: true });
  }
}

it('home regions join one per step, and those that have joined take no step', () => {
  expect(replicaSteps(3, undefined)).toEqual([0, 1, 2]);
  expect(replicaSteps(3, 0)).toEqual([1, 2]);
  expect(replicaSteps(3, 2)).toEqual([]);
  expect(replicaSteps(1, undefined)).toEqual([0]);
});
