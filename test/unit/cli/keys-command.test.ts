import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTicketSigner, ticketKeyFile } from '../../../lib/adapters/local/ticket-keys.ts';
import { runCli } from '../../../lib/cli/program.ts';
import { keysOutputSchema } from '../../../lib/ports/contracts/cli-output.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oaas-keys-'));
  await openTicketSigner(join(folder, ticketKeyFile('eu-central-1')), Date.now);
});
afterAll(() => rm(folder, { recursive: true }));

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const out: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  try {
    return { code: await runCli(['keys', ...args]), out: out.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = undefined;
  }
}
const rows = (out: string) => keysOutputSchema.parse(JSON.parse(out));

describe('oaas keys', () => {
  it('lists ids and never a private key, rotates, and revokes', async () => {
    const before = rows((await cli('list', '--data', folder, '--json')).out);
    expect(before).toHaveLength(1);
    const rotated = await cli('rotate', '--data', folder);
    expect(rotated.code).toBe(0);
    expect(rotated.out).toContain('signs in 10 seconds');
    const two = rows((await cli('list', '--data', folder, '--json')).out);
    expect(two.map(({ kid }) => kid)).toEqual([before[0]!.kid, expect.any(String)]);
    const revoked = await cli('rotate', '--revoke', '--data', folder, '--json');
    expect(rows(revoked.out)).toHaveLength(1);
    expect(two.map(({ kid }) => kid)).not.toContain(rows(revoked.out)[0]!.kid);
    expect(await readFile(join(folder, ticketKeyFile('eu-central-1')), 'utf8')).toContain('PRIVATE KEY');
    expect(rotated.out + revoked.out).not.toContain('PRIVATE');
  });

  it('says which regions there are, and where no system has been', async () => {
    const wrong = await cli('list', '--data', folder, '--region', 'mars-1');
    expect([wrong.code, wrong.out]).toEqual([2, expect.stringContaining('eu-central-1')]);
    const nowhere = await cli('list', '--data', '/nowhere');
    expect([nowhere.code, nowhere.out]).toEqual([2, expect.stringContaining('oaas start')]);
  });
});
