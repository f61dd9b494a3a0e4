/**
 * Runs every shell block of the documentation, page by page, in a copy of the repository beside one running local system.
 * A block's word after `sh` says how: `until-stopped` (ends by Ctrl-C after its first output), `only-on-aws` (only its syntax is
 * checked here; `npm run test:aws` deploys), `start` (starts or tests the project itself: this suite and .ci/run do that),
 * `run-by-test-android` (that suite builds with Maven and runs the sample).
 * A JSON or CSV block with `file=NAME` is written to that file first.
 */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadFailed } from '../../../bench/again.ts';
import { javaToolsDir } from '../../support/java-suite.ts';
import { type StartedSystem, startLocal, temporaryFolder, until } from '../../support/local-process.ts';
import { allPages, commandsOf, repository } from '../../support/markdown.ts';

const folder = temporaryFolder();
const copy = join(folder.path, 'oaas');
let system: StartedSystem;

beforeAll(async () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of files.trim().split('\n')) {
    // Listed, but removed and not committed yet.
    if (!existsSync(join(repository, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    copyFileSync(join(repository, file), join(copy, file));
  }
  // Into node_modules: the first call of a Java app would build it within its deadline, which a slow machine or mirror does not.
  await javaToolsDir();
  // Not a link to the folder: a command of the documentation that removed it would take the repository's own.
  const modules = join(repository, 'node_modules');
  execFileSync('bash', [
    '-c',
    'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1/node_modules"; cp -a "$0" "$1"; }',
    modules,
    copy,
  ]);
  system = await startLocal(['--memory', '--slot', '5s', '--data', join(copy, '.oaas')]);
  await until(async () => (await system.status()).pools.every((pool) => pool.vms.ready > 0));
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});

function shell(script: string, onOutput?: () => void): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: copy,
    // A group of its own, so that Ctrl-C reaches what the shell started, as in a terminal.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    if (onOutput !== undefined && output.length > 0) {
      process.kill(-child.pid!, 'SIGINT');
      onOutput = undefined;
    }
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

const pages = allPages().filter((page) => page.blocks.some((block) => block.language === 'sh'));

describe.each(pages.map((page) => [page.path, page] as const))('%s', (path, page) => {
  for (const block of page.blocks) {
    const file = /\bfile=(\S+)/.exec(block.info)?.[1];
    if (file !== undefined) {
      it(`gives ${file}`, () => {
        mkdirSync(dirname(join(copy, file)), { recursive: true });
        writeFileSync(join(copy, file), `${block.text}\n`);
      });
    }
    if (block.language !== 'sh') continue;
    it(`line ${block.line}: ${commandsOf(block)[0]}`, async () => {
      const how = block.info.split(' ')[0];
      expect(['', 'until-stopped', 'only-on-aws', 'start', 'run-by-test-android'], `${path}:${block.line}`).toContain(
        how,
      );
      if (how !== '' && how !== 'until-stopped') {
        const { code, output } = await shell(`bash -n <<'END_OF_BLOCK'\n${block.text}\nEND_OF_BLOCK`);
        expect(output + code).toBe('0');
        return;
      }
      if (how === 'until-stopped') {
        const { code, output } = await shell(block.text, () => {});
        expect([0, 130, null], output).toContain(code);
        return;
      }
      let { code, output } = await shell(block.text);
      for (let more = 3; more > 0 && code !== 0 && downloadFailed(output); more--)
        ({ code, output } = await shell(block.text));
      expect(code, output).toBe(0);
    });
  }
});
