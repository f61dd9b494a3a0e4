import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { buildRunner } from '../../../lib/local/build-agent.ts';
import { noHold } from '../../../surrogate/isolation/cpu-hold.ts';
import { PlainProcess } from '../../../surrogate/isolation/plain.ts';
import { processIdentity } from '../../../surrogate/isolation/proc.ts';
import { Sandbox } from '../../../surrogate/isolation/sandbox.ts';
import { sandboxMarker } from '../../../surrogate/isolation/sweep.ts';
import { nodeRuntime } from '../../../surrogate/runtimes/node/node-runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'oaas-tree-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withArgument(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (line.split('\0').includes(mark)) found.push(Number(pid));
  }
  return found;
}

it.runIf(existsSync('/proc/self/environ'))(
  'without namespaces and control groups a sandbox still takes its grandchildren with it',
  async () => {
    const runnerFile = join(folder, 'runner.cjs');
    writeFileSync(runnerFile, await buildRunner());
    const sandbox = new Sandbox(
      {
        slot: { index: 0, uid: 0 },
        spec: {
          digest: '',
          runtime: 'node',
          appDir: fileURLToPath(new URL('fixtures/unruly', import.meta.url)),
          entry: 'main.mjs',
          memoryMiB: 64,
          parallelism: 1,
        },
        isolation: new PlainProcess({ tmpDir: folder, setpriv: null, unshare: null }),
        hold: noHold('none'),
        runtime: nodeRuntime(runnerFile).command,
        limits: { cores: 1, memoryMiB: 128, processes: 64 },
        maxOutputBytes: 1_000,
        // Of a living process, or the next agent to start, of whichever test, would sweep it away.
        marker: sandboxMarker(processIdentity(process.pid))(0),
      },
      [],
    );
    expect(await sandbox.ready).toBeNull();
    const mark = `mark-${crypto.randomUUID()}`;
    const outcome = sandbox.run(
      Buffer.from(
        JSON.stringify({ requestId: '1', method: 'offspring', args: { type: 'application/json', json: [mark] } }),
      ),
    );
    while ((await withArgument(mark)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    sandbox.kill({ kind: 'killed', detail: 'enough' });
    expect(await outcome).toMatchObject({ ok: false, failure: { kind: 'killed', detail: 'enough' } });
    await sandbox.gone;
    expect(await withArgument(mark)).toEqual([]);
  },
);
