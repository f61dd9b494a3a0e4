/**
 * Builds the Java parts of the agent for a machine image: `npm run build:java-tools` writes out/java-tools. Needs a JDK, Maven, and
 * Google's Maven repository for D8. `OAAS_JAVA_TOOLS=out/java-tools npx oaas deploy` puts them into the image.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../lib/local/build-entry.ts';
import { buildWithMaven, toolsProject } from '../lib/local/java-tools.ts';

const outDir = join(projectRoot, 'out', 'java-tools');
await rm(outDir, { recursive: true, force: true });
const problem = await buildWithMaven(toolsProject, outDir, ['dex']);
if (problem === null) process.stdout.write(`${outDir}\n`);
else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
