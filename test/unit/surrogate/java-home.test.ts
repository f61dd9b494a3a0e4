import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findJava } from '../../../surrogate/runtimes/jvm/java-home.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'oaas-java-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Java as distributions lay it out: a link to it elsewhere, configuration that is a link to /etc. */
function install(name: string, release: string | null): string {
  const home = join(folder, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'lib'));
  writeFileSync(join(home, 'bin', 'java'), '', { mode: 0o755 });
  if (release !== null) writeFileSync(join(home, 'release'), `IMPLEMENTOR="x"\nJAVA_VERSION="${release}"\n`);
  symlinkSync('/etc/passwd', join(home, 'lib', 'jvm.cfg'));
  symlinkSync('/etc/ssl', join(home, 'lib', 'cacerts'));
  const link = join(folder, `${name}-link`);
  symlinkSync(join(home, 'bin', 'java'), link);
  return link;
}

describe('the Java of a machine', () => {
  it('is the real one behind links, with the folders that its own links lead to, but no keys', () => {
    expect(findJava(install('seventeen', '17.0.15'))).toEqual({
      executable: join(folder, 'seventeen', 'bin', 'java'),
      home: join(folder, 'seventeen'),
      version: '17.0.15',
      folders: [join(folder, 'seventeen'), '/etc/passwd'],
    });
  });

  it.each([
    ['a place without one', join(folder, 'nowhere'), /no Java at .*nowhere.*OAAS_JAVA/],
    ['one that is too old', install('eight', '1.8.0_402'), /1\.8\.0_402, older than 11/],
    ['something that is no Java', install('strange', null), /not the Java of a complete runtime/],
  ])('refuses %s and says what to do', (_name, path, reason) => {
    expect(findJava(path)).toMatch(reason);
  });
});
