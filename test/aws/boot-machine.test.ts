import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgentFolder } from '../../lib/infra/agent-folder.ts';
import { runtimeComponent } from '../../lib/infra/constructs/image-components.ts';
import { parseAgentEnv } from '../../lib/ports/contracts/agent-env.ts';
import { parseEnvFile } from '../support/fake-imds.ts';
import { debianRoot, needed } from '../support/machine/debian-root.ts';
import { runStep } from '../support/machine/machine.ts';

/*
 * The image's own install steps in a Debian 12 root, then a boot of what they installed. Not as on EC2: Node.js is this machine's
 * (its download is pinned by hash and not repeated here), the agent's zip is put where S3Download would, and nothing plays systemd
 * but the unit's own settings.
 */
const component = runtimeComponent('x86_64', { bucket: 'assets', key: 'agent.zip' });
const project = fileURLToPath(new URL('../..', import.meta.url));

function step(name: string): string[] {
  const found = component.phases.flatMap(({ steps }) => steps).find((s) => s.name === name);
  if (found?.action !== 'ExecuteBash') throw new Error(`the component has no script ${name}`);
  return found.inputs.commands;
}

let root: string;
beforeAll(async () => {
  await needed('unshare', 'util-linux');
  await needed('ip', 'iproute2');
  if (process.getuid?.() !== 0) throw new Error('this suite makes namespaces and a Debian root: run it as root');
  root = await debianRoot(step('Packages'));
  await copyFile(process.execPath, join(root, 'usr/local/bin/node'));
  const tools = await mkdtemp(join(tmpdir(), 'oaas-tools-'));
  await mkdir(join(tools, 'translator'));
  await writeFile(join(tools, 'translator', 'a.jar'), 'jar');
  const folder = await buildAgentFolder(tools);
  await rm(tools, { recursive: true });
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const content = await Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file)]));
  await mkdir(join(root, 'tmp'), { recursive: true });
  await writeFile(join(root, 'tmp/oaas-agent.zip'), zipSync(Object.fromEntries(content)));
});
afterAll(async () => {
  if (root !== undefined) await rm(root, { recursive: true, force: true });
});

describe('the surrogate image', () => {
  it('has the agent, its unit and the packet filter where the component puts them', async () => {
    await runStep({ root }, step('Agent'));
    expect(await readdir(join(root, 'opt/oaas'))).toEqual(
      expect.arrayContaining(['agent-env.sh', 'agent.mjs', 'metadata.nft', 'oaas-agent.service']),
    );
    expect(await readFile(join(root, 'opt/oaas/java/translator/a.jar'), 'utf8')).toBe('jar');
    const wanted = join(root, 'etc/systemd/system/multi-user.target.wants/oaas-agent.service');
    expect(await readlink(wanted)).toBe('/etc/systemd/system/oaas-agent.service');
  });

  it('passes its test phase, boots from metadata, reports, runs a task that reaches no metadata, and drains', async () => {
    const args = [
      '--net',
      '--fork',
      '--kill-child',
      process.execPath,
      '--import',
      'tsx',
      'test/support/machine/boot-process.ts',
    ];
    const { stdout } = await promisify(execFile)('unshare', [...args, root], {
      cwd: project,
      timeout: 1_200_000,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    const seen = JSON.parse(stdout) as Record<string, unknown> & { environment: string };
    expect(seen.tests).toEqual(['NodeRuns', 'JvmRuns', 'SandboxRuns', 'AgentParses', 'MetadataForRootOnly']);
    expect(parseAgentEnv(parseEnvFile(seen.environment))).toMatchObject({ ok: true, config: { sharingLimit: 2 } });
    expect(seen.heartbeat).toEqual({
      url: 'https://192.0.2.7:8443',
      isolation: 'bubblewrap',
      vmId: 'i-0123456789abcdef0-eu-north-1',
    });
    // Row and bundle by the instance role's own credentials.
    expect(seen.signedBy).toEqual(['ASIAROLE in a session']);
    expect(seen.task).toMatchObject({
      ok: true,
      response: {
        result: {
          json: {
            metadata: expect.stringMatching(/^refused E(NETUNREACH|HOSTUNREACH|CONNREFUSED)/),
            environment: expect.stringMatching(/^refused (ENOENT|EACCES)/),
            uid: expect.any(Number),
          },
        },
      },
    });
    const { uid } = (seen.task as { response: { result: { json: { uid: number } } } }).response.result.json;
    expect(uid).toBeGreaterThan(0);
    expect(seen.drained).toBe(true);
  });
});
