import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const pidFileName = 'agent.pid';

const run = promisify(execFile);

/**
 * Ends agents whose pid files an earlier run left behind, and removes their folders. A pid may long belong to someone else:
 * only a process that runs `agentFile` is touched.
 *
 * @returns how many agents were still alive
 */
export async function sweepAgents(workDir: string, agentFile: string): Promise<number> {
  const folders = await readdir(workDir).catch(() => []);
  let ended = 0;
  for (const folder of folders) {
    const path = join(workDir, folder);
    const pid = Number(await readFile(join(path, pidFileName), 'utf8').catch(() => '0'));
    if (pid > 1 && (await commandOf(pid)).includes(agentFile)) {
      signal(-pid);
      signal(pid);
      ended += 1;
    }
    await rm(path, { recursive: true, force: true });
  }
  return ended;
}

async function commandOf(pid: number): Promise<string> {
  try {
    return (await run('ps', ['-o', 'command=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended meanwhile.
  }
}
