import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAgent } from '../local/build-agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** How the agent is started on a machine: unit file and the script that writes its environment. */
export const bootFiles = join(root, 'surrogate', 'image');

/**
 * Builds the folder that the image pipeline installs: the agent and its boot files.
 *
 * @param javaTools folder that `npm run build:java-tools` wrote; without it the image serves no Java apps
 */
export async function buildAgentFolder(javaTools = process.env.OAAS_JAVA_TOOLS): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', 'oaas', 'image');
  await mkdir(folder, { recursive: true });
  await buildAgent(join(folder, 'agent.mjs'));
  for (const name of ['agent-env.sh', 'oaas-agent.service']) await copyFile(join(bootFiles, name), join(folder, name));
  const java = join(folder, 'java');
  await rm(java, { recursive: true, force: true });
  // Only where asked: the image is to be the same whatever else the deploying machine has built.
  if (javaTools !== undefined) await cp(javaTools, java, { recursive: true });
  return folder;
}
