import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replicaSteps } from '../../lib/cli/cdk.ts';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { componentDocumentSchema, maxDocumentLength } from '../../lib/infra/constructs/component-document.ts';
import { artComponent, runtimeComponent } from '../../lib/infra/constructs/image-components.ts';
import { names } from '../../lib/infra/names.ts';
import { parseAgentEnv } from '../../lib/ports/contracts/agent-env.ts';
import { deploymentSchema, pinnedSystemImage } from '../../lib/ports/contracts/deployment.ts';
import { parseEnvFile, sampleInstance, startFakeImds } from '../support/fake-imds.ts';

describe('image components', () => {
  const files = { bucket: 'assets', key: 'agent.zip' };
  const art = artComponent(pinnedSystemImage, files);
  const documents = [runtimeComponent('x86_64', files), runtimeComponent('arm64', files), art];

  it('consist of commands that a shell can read', () => {
    for (const step of documents.flatMap(({ phases }) => phases).flatMap(({ steps }) => steps)) {
      if (step.action === 'ExecuteBash') execFileSync('bash', ['-n'], { input: step.inputs.commands.join('\n') });
    }
  });

  it('are documents that Image Builder takes, by its published form', () => {
    for (const document of documents) {
      expect(componentDocumentSchema.parse(document)).toEqual(document);
      expect(JSON.stringify(document, null, 2).length).toBeLessThan(maxDocumentLength);
    }
  });

  const [runtime] = documents;
  const step = runtime!.phases[0]!.steps[0]!;
  const withStep = (change: object) => ({ ...runtime, phases: [{ name: 'build', steps: [{ ...step, ...change }] }] });
  it.each([
    ['another schema version', { ...runtime, schemaVersion: 2 }],
    ['a phase that Image Builder never runs', { ...runtime, phases: [{ name: 'install', steps: [step] }] }],
    ['a phase without steps', { ...runtime, phases: [{ name: 'build', steps: [] }] }],
    ['two steps of one name', { ...runtime, phases: [{ name: 'build', steps: [step, step] }] }],
    ['an unknown action', withStep({ action: 'RunBash' })],
    ['an unknown field', withStep({ timeout: 5 })],
    ['commands in one text', withStep({ inputs: { commands: 'true' } })],
    ['what AWSTOE takes for a reference', withStep({ inputs: { commands: ['docker ps --format {{.ID}}'] } })],
    ['a download without bucket', withStep({ action: 'S3Download', inputs: [{ source: 'x.zip', destination: '/x' }] })],
  ])('would not be taken with %s', (_, document) => {
    expect(componentDocumentSchema.safeParse(document).success).toBe(false);
  });

  it('test what they have built: Node, JVM, sandbox, agent, metadata and a dex', () => {
    const tests = documents.map(({ phases }) =>
      phases.find((phase) => phase.name === 'test')?.steps.map((s) => s.name),
    );
    expect(tests[0]).toEqual(['NodeRuns', 'JvmRuns', 'SandboxRuns', 'AgentParses', 'MetadataForRootOnly']);
    expect(tests[2]).toEqual(['DexRuns']);
  });
});

describe('the Android system image', () => {
  const geographies = [{ id: 'europe', home: 'eu-central-1', dataCentres: [{ id: 'eu-north-1', networkMs: 24 }] }];
  const own = { systemImageUrl: 'https://example.org/x.zip', sha256: 'a'.repeat(64) };
  const parse = (image: object) => deploymentSchema.safeParse({ geographies, image });

  it('is the pinned one unless the deployment names another or none', () => {
    expect(parse({}).data?.image.art).toEqual(pinnedSystemImage);
    expect(parse({ art: own }).data?.image.art).toEqual(own);
    expect(parse({ art: null }).data?.image.art).toBeNull();
  });

  it('is never taken on trust: a SHA-256, or a SHA-1 and the length', () => {
    const { systemImageUrl, sha1, sizeBytes } = pinnedSystemImage;
    expect(parse({ art: { systemImageUrl, sha1, sizeBytes } }).success).toBe(true);
    for (const art of [{ systemImageUrl }, { systemImageUrl, sha1 }, { systemImageUrl, sizeBytes }])
      expect(parse({ art }).error?.message).toContain('needs sha256, or sha1 and sizeBytes');
    expect(parse({ art: { ...own, systemImageUrl: 'http://example.org/x.zip' } }).success).toBe(false);
  });

  it('is installed by its own bytes, and the compiler for it taken away again', () => {
    const commands = (document: typeof art) =>
      document.phases[0]!.steps.flatMap((step) => (step.action === 'ExecuteBash' ? step.inputs.commands : []));
    const files = { bucket: 'assets', key: 'agent.zip' };
    const pinned = commands(artComponent(pinnedSystemImage, files));
    expect(pinned.join('\n')).toContain(
      `install-art.sh '${pinnedSystemImage.systemImageUrl}' '474178332' 'sha1:${pinnedSystemImage.sha1}' /opt/oaas/art`,
    );
    expect(pinned.at(-1)).toMatch(/purge .*gcc/);
    expect(commands(artComponent(own, files)).join('\n')).toContain(
      `'${own.systemImageUrl}' '-' 'sha256:${own.sha256}'`,
    );
  });
  const art = artComponent(own, { bucket: 'assets', key: 'agent.zip' });
});

const deployment = deploymentSchema.parse({
  geographies: [{ id: 'europe', home: 'eu-central-1', dataCentres: [{ id: 'eu-north-1', networkMs: 24 }] }],
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
        stateTable: names.stateTable(deployment, 'eu-central-1'),
        bundleBucket: names.bundleBucket(deployment, '123456789012', 'eu-central-1'),
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
