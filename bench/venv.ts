import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { again } from './again.ts';

const root = fileURLToPath(new URL('../.venv/', import.meta.url));

/**
 * A Python environment of pinned, hashed packages under `.venv/NAME`, installed on first use and again when the pins change. Needs `python3`
 * 3.11 or newer with `venv` on the PATH and, the first time, the package index.
 *
 * @returns the environment's Python
 * @throws Error with pip's message
 */
export async function pythonVenv(name: string, requirementsFile: string): Promise<string> {
  const folder = `${root}${name}`;
  const python = `${folder}/bin/python`;
  const stamp = `${folder}/installed`;
  const wanted = await readFile(requirementsFile, 'utf8');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return python;
  await runPython('python3', ['-m', 'venv', '--clear', folder]);
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes'];
  await again(() => runPython(python, ['-m', 'pip', 'install', ...options, '-r', requirementsFile]));
  await writeFile(stamp, wanted);
  return python;
}

/** @throws Error with what the program wrote to its standard error */
export async function runPython(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string | undefined> } = {},
): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env ?? process.env });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  return stdout;
}
