/**
 * The Java SDK: Maven builds, checks and tests it together with the Android sample, then the sample's core runs on this JVM and offloads
 * for real to a local system, to all three runtimes.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { again, downloadFailed } from '../../bench/again.ts';
import { javaApps, javaToolsDir } from '../support/java-suite.ts';
import { oaas, type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const sdk = join(root, 'sdk', 'android', 'target');
const core = join(root, 'examples', 'android', 'core', 'target', 'core-0.1.0.jar');
const repository = mkdtempSync(join(tmpdir(), 'oaas-maven-'));
const published = join(repository, 'dev', 'oaas', 'oaas-sdk', '0.1.0');

beforeAll(async () => {
  // A failing JUnit test, a call that Android 8 does not have or a fault in the Javadoc fails the build, and so all that follows.
  const target = `-DaltDeploymentRepository=test::${pathToFileURL(repository).href}`;
  const args = [
    '-B',
    '-q',
    '-f',
    join(root, 'examples', 'android', 'pom.xml'),
    '-Dmaven.install.skip=true',
    target,
    'deploy',
  ];
  const deploy = () =>
    run('mvn', args, { maxBuffer: 64 * 1024 * 1024 }).catch((error: { stdout?: string; message: string }) => {
      throw new Error(
        `Maven failed (it needs a JDK 17 and Maven: apt install openjdk-17-jdk-headless maven): ${error.message}\n${error.stdout}`,
      );
    });
  await again(deploy, downloadFailed);
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

describe('Maven', () => {
  it('ran every JUnit test: none failed, none was skipped', () => {
    const reports = readdirSync(join(sdk, 'surefire-reports')).filter((name) => name.endsWith('.xml'));
    const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
    for (const name of reports) {
      const suite = /<testsuite [^>]*>/s.exec(readFileSync(join(sdk, 'surefire-reports', name), 'utf8'))![0];
      for (const field of ['tests', 'failures', 'errors', 'skipped'] as const) {
        counts[field] += Number(new RegExp(`\\b${field}="(\\d+)"`).exec(suite)![1]);
      }
    }
    expect(counts).toMatchObject({ failures: 0, errors: 0, skipped: 0 });
    expect(counts.tests).toBeGreaterThanOrEqual(100);
    console.log(`JUnit: ${counts.tests} tests in ${reports.length} classes passed`);
  });

  it('publishes jar, sources, Javadoc and a pom without dependencies', () => {
    const names = readdirSync(published).filter((name) => !/\.(md5|sha1)$/.test(name));
    const base = 'oaas-sdk-0.1.0';
    expect(names.sort()).toEqual([`${base}-javadoc.jar`, `${base}-sources.jar`, `${base}.jar`, `${base}.pom`]);
    const pom = readFileSync(join(published, `${base}.pom`), 'utf8');
    expect(pom).toContain('<name>Apache-2.0</name>');
    expect(pom).not.toMatch(/<dependency>|<build>|<parent>/);
  });

  it('makes Java 11 bytecode', () => {
    const classFile = unzipSync(readFileSync(join(published, 'oaas-sdk-0.1.0.jar')))['dev/oaas/OaaS.class']!;
    expect(Buffer.from(classFile).readUInt16BE(6)).toBe(55);
  });
});

const answersSchema = z.array(
  z.object({
    question: z.string(),
    answer: z.string(),
    right: z.boolean(),
    where: z.enum(['local', 'remote']),
    vmId: z.string().nullable(),
    why: z.string(),
    t1Ms: z.number(),
    t2Ms: z.number(),
    cloudMs: z.number(),
    queueMs: z.number(),
    localMs: z.number(),
    totalMs: z.number(),
  }),
);

/** `7.42 ms`; null: not known yet. */
const milliseconds = (text: string): number | null => {
  const value = /^([\d.]+) ms$/.exec(text)?.[1];
  return value === undefined ? null : Number(value);
};

describe('the sample on a JVM against a local system', () => {
  const folder = temporaryFolder();
  const bundles = temporaryFolder();
  let system: StartedSystem;

  beforeAll(async () => {
    await javaToolsDir();
    const built = await javaApps(bundles.path);
    system = await startLocal(['--data', folder.path]);
    for (const id of ['chess-jvm', 'nqueens-jvm', 'chess-art', 'nqueens-art']) {
      const put = await oaas(['app', 'put', built.get(id)!, '--data', folder.path]);
      expect(put.code, put.stderr).toBe(0);
    }
  });
  afterAll(async () => {
    system?.child.kill('SIGINT');
    await system?.exited;
    folder.remove();
    bundles.remove();
  });

  async function sample(...args: string[]): Promise<z.infer<typeof answersSchema>> {
    const all = ['-jar', core, '--json', '--system', join(folder.path, 'system.json'), ...args];
    const { stdout } = await run('java', all);
    return answersSchema.parse(JSON.parse(stdout));
  }

  it.each(['jvm', 'art', 'node'])(
    'offloads every call to the runtime %s, and every answer is the device’s own',
    async (runtime) => {
      let answers: z.infer<typeof answersSchema> = [];
      // The first calls of an app wait for its first machine, or run on the device.
      await until(async () => {
        answers = await sample('--runtime', runtime, '--prefer', 'remote', '--rounds', '1');
        expect(answers.filter((a) => !a.right)).toEqual([]);
        return answers.every((a) => a.where === 'remote');
      });
      expect(answers).toHaveLength(6);
      for (const answer of answers) {
        expect(answer.cloudMs).toBeGreaterThan(0);
        expect(answer.t1Ms + answer.t2Ms + answer.cloudMs + answer.queueMs).toBeLessThanOrEqual(
          answer.totalMs * 1.01 + 1,
        );
      }
    },
  );

  it('decides by itself, gives the same answers, and says why', async () => {
    const answers = await sample('--rounds', '4');
    expect(answers.filter((a) => !a.right)).toEqual([]);
    const measured = answers.map(
      ({ why }) => /^([a-z-]+): local (.+?), remote (.+?)(, cost ratio [\d.]+)?$/.exec(why)!,
    );
    expect(measured.every((match) => match !== null)).toBe(true);
    // Which side wins is the machine's affair; that the decision follows the two estimates is not.
    const decided = measured
      .map(([, reason, local, remote]) => ({ reason, localMs: milliseconds(local!), remoteMs: milliseconds(remote!) }))
      .filter(({ localMs, remoteMs }) => localMs !== null && remoteMs !== null);
    expect(decided.length).toBeGreaterThan(0);
    for (const { reason, localMs, remoteMs } of decided) {
      if (reason === 'faster-local') expect(localMs).toBeLessThanOrEqual(remoteMs!);
      if (reason === 'faster-remote') expect(remoteMs).toBeLessThanOrEqual(localMs!);
    }
    for (const { where, vmId } of answers) expect(vmId === null).toBe(where === 'local');
  });

  it('runs on the device alone when the system is gone', async () => {
    const copy = join(bundles.path, 'system.json');
    // Gone with the system; there already when this is the second try.
    if (system.child.exitCode === null) copyFileSync(join(folder.path, 'system.json'), copy);
    system.child.kill('SIGINT');
    await system.exited;
    const { stdout } = await run('java', ['-jar', core, '--json', '--system', copy, '--rounds', '1']);
    const answers = answersSchema.parse(JSON.parse(stdout));
    expect(answers.every((a) => a.right && a.where === 'local')).toBe(true);
  });
});
