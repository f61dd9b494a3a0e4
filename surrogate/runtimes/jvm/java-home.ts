import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../isolation/choose.ts';

/** A Java runtime of this machine. */
export interface Java {
  /** The real path: Java finds its libraries by it. */
  executable: string;
  home: string;
  /** Such as `17.0.15`. */
  version: string;
  /** Folders that it needs to see, itself first; distributions keep its configuration elsewhere. */
  folders: string[];
}

/** The runner is Java 11 bytecode. */
const oldest = 11;

/**
 * The Java to run apps with: the one named, else the first on the path.
 *
 * @returns it, or the reason why there is none and what to do.
 */
export function findJava(named?: string): Java | string {
  const fix = 'install one (apt install openjdk-17-jre-headless) or name it in OAAS_JAVA';

  if (named !== undefined && !existsSync(named)) return `no Java at ${named}: ${fix}`;
  const found = named ?? findProgram('java');
  if (found === null) return `no Java on this machine: ${fix}`;
  const executable = realpathSync(found);
  const home = dirname(dirname(executable));
  const version = versionOf(home);
  if (version === null) return `${executable} is not the Java of a complete runtime (no release file above it): ${fix}`;
  if (Number.parseInt(version, 10) < oldest) return `${executable} is Java ${version}, older than ${oldest}: ${fix}`;
  return { executable, home, version, folders: [home, ...linkedFolders(home)] };
}

function versionOf(home: string): string | null {
  try {
    return /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Where links out of the runtime's folders lead to (Debian: /etc/java-17-openjdk); what /usr holds is seen anyway. */
function linkedFolders(home: string): string[] {
  const folders = new Set<string>();
  for (const place of ['.', 'conf', 'conf/security', 'lib', 'lib/security', 'lib/server']) {
    const folder = join(home, place);
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (!lstatSync(path).isSymbolicLink() || !existsSync(path)) continue;
      const target = /^\/etc\/[^/]+/.exec(realpathSync(path))?.[0];
      // /etc/ssl holds private keys too: a sandbox has no network and needs no certificates.
      if (target !== undefined && target !== '/etc/ssl') folders.add(target);
    }
  }
  return [...folders];
}
