import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAgent } from '../local/build-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How the agent is started on a machine: unit file, the script that writes its environment, who may ask for metadata. */
export const bootFiles = join(root, 'surrogate', 'image');

const bootFileNames = [
  'agent-env.sh',
  'oaas-agent.service',
  'metadata.nft',
  'install-art.sh',
  'unpack-system.py',
  'ashmem.c',
];

/**
 * Builds the folder that the image pipeline installs: the agent and its boot files.
 *
 * @param javaTools folder with the Java parts of the agent (OAAS_JAVA_TOOLS), put below `java`; absent: no jvm and no art apps
 */
export async function buildAgentFolder(javaTools?: string): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'oaas', 'image');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await buildAgent(join(folder, 'agent.mjs'));
  for (const name of bootFileNames) await copyFile(join(bootFiles, name), join(folder, name));
  if (javaTools !== undefined) await cp(javaTools, join(folder, 'java'), { recursive: true });
  return folder;
}
