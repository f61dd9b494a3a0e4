import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { artComponent, runtimeComponent } from '../../lib/infra/constructs/image-components.ts';
import { builderUserData } from '../../lib/infra/image-stack.ts';
import { needed } from '../support/machine/debian-root.ts';

const files = { bucket: 'assets', key: 'agent.zip' };
const art = { systemImageUrl: 'https://example.org/x.zip', sha256: 'a'.repeat(64) };
const documents = {
  'runtime x86_64': runtimeComponent('x86_64', files),
  'runtime arm64': runtimeComponent('arm64', files),
  art: artComponent(art, files),
};
const scripts: [string, string][] = Object.entries(documents).flatMap(([name, { phases }]) =>
  phases.flatMap(({ steps }) =>
    steps.flatMap((step): [string, string][] =>
      step.action === 'ExecuteBash'
        ? [[`${name}, ${step.name}`, ['#!/bin/bash', ...step.inputs.commands].join('\n')]]
        : [],
    ),
  ),
);
const userData: [string, string][] = [
  ['user data of the x86_64 builder', builderUserData('x86_64')],
  ['user data of the arm64 builder', builderUserData('arm64')],
];

let folder: string;
beforeAll(async () => {
  await needed('shellcheck', 'shellcheck');
  folder = await mkdtemp(join(tmpdir(), 'oaas-scripts-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** @throws with shellcheck's findings */
const shellcheck = (file: string) => promisify(execFile)('shellcheck', ['--severity=style', file]);

describe('shellcheck finds nothing in', () => {
  it('the script that writes the agent’s environment', async () => {
    await expect(shellcheck(join(bootFiles, 'agent-env.sh'))).resolves.toBeDefined();
  });

  it('the script that installs the Android system', async () => {
    await expect(shellcheck(join(bootFiles, 'install-art.sh'))).resolves.toBeDefined();
  });

  it.each([...scripts, ...userData])('%s', async (name, script) => {
    const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.sh`);
    await writeFile(file, `${script}\n`);
    await expect(shellcheck(file)).resolves.toBeDefined();
  });

  it('but does find something in a script with a fault', async () => {
    const file = join(folder, 'faulty.sh');
    await writeFile(file, '#!/bin/bash\nrm -rf $1/*\n');
    await expect(shellcheck(file)).rejects.toMatchObject({ stdout: expect.stringContaining('SC2086') });
  });
});
