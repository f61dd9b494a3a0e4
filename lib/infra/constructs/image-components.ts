/** What the surrogate image consists of, as Image Builder components (AWSTOE documents). */
import type { Deployment } from '../../ports/contracts/deployment.ts';

export type Architecture = Deployment['image']['architectures'][number];

/** Node.js of the surrogates; fetched over TLS and checked against the release's own list of hashes. */
const nodeVersion = 'v22.14.0';
const nodePlatform: Record<Architecture, string> = { x86_64: 'linux-x64', arm64: 'linux-arm64' };
const artFolder = '/opt/oaas/art';

interface Step {
  name: string;
  action: 'ExecuteBash' | 'S3Download';
  inputs: unknown;
}
const bash = (name: string, ...commands: string[]): Step => ({
  name,
  action: 'ExecuteBash',
  inputs: { commands: ['set -euo pipefail', ...commands] },
});

/** @param files S3 URL of the folder with agent.mjs, agent-env.sh and oaas-agent.service */
export function runtimeComponent(architecture: Architecture, files: { bucket: string; key: string }): object {
  const archive = `node-${nodeVersion}-${nodePlatform[architecture]}.tar.xz`;
  const release = `https://nodejs.org/dist/${nodeVersion}`;
  return document(
    'OaaS agent with Node.js, a JVM and bubblewrap',
    [
      bash(
        'Packages',
        'export DEBIAN_FRONTEND=noninteractive',
        'apt-get update -qq',
        'apt-get install -y -qq --no-install-recommends bubblewrap curl ca-certificates unzip xz-utils openjdk-17-jre-headless',
      ),
      bash(
        'Node',
        'cd /tmp',
        `curl -fsSO ${release}/${archive}`,
        `curl -fsSO ${release}/SHASUMS256.txt`,
        `grep " ${archive}$" SHASUMS256.txt | sha256sum -c -`,
        `tar -xJf ${archive} -C /usr/local --strip-components=1 --no-same-owner`,
        `rm ${archive} SHASUMS256.txt`,
      ),
      {
        name: 'AgentFiles',
        action: 'S3Download',
        inputs: [{ source: `s3://${files.bucket}/${files.key}`, destination: '/tmp/oaas-agent.zip' }],
      },
      bash(
        'Agent',
        'install -d -m 0755 /opt/oaas',
        'unzip -o -q /tmp/oaas-agent.zip -d /opt/oaas',
        'rm /tmp/oaas-agent.zip',
        'chmod 0755 /opt/oaas/agent-env.sh',
        'install -m 0644 /opt/oaas/oaas-agent.service /etc/systemd/system/oaas-agent.service',
        'systemctl enable oaas-agent.service',
      ),
    ],
    [
      bash('NodeRuns', 'node -e "process.exit(Number(process.versions.node.split(\'.\')[0]) >= 20 ? 0 : 1)"'),
      bash('JvmRuns', 'java -version'),
      bash('SandboxRuns', 'bwrap --ro-bind / / --unshare-all --die-with-parent /bin/true'),
      bash(
        'AgentParses',
        'node --check /opt/oaas/agent.mjs',
        'systemd-analyze verify /etc/systemd/system/oaas-agent.service',
      ),
    ],
  );
}

/** `dalvikvm` of a pinned Android system image, without Zygote and GUI (IoT paper, section on Dalvik-x86). */
export function artComponent(art: NonNullable<Deployment['image']['art']>): object {
  // classes.dex of: class Hello { public static void main(String[] a) { System.out.println("hello"); } }, compiled on the spot.
  const run = `chroot ${artFolder} /system/bin/dalvikvm64 -Xbootclasspath-locations:/system/framework/core-oj.jar -cp /data/hello.jar Hello`;
  return document(
    'Dalvik/ART runtime of a pinned Android x86-64 system image',
    [
      bash(
        'SystemImage',
        'export DEBIAN_FRONTEND=noninteractive',
        'apt-get install -y -qq --no-install-recommends gdisk e2fsprogs android-sdk-libsparse-utils',
        'cd /tmp',
        `curl -fsS -o system-image.zip ${art.systemImageUrl}`,
        `echo '${art.sha256}  system-image.zip' | sha256sum -c -`,
        'unzip -o -q -j system-image.zip "*/system.img" -d /tmp/android',
        'rm system-image.zip',
      ),
      bash(
        'Extract',
        `install -d -m 0755 ${artFolder}/system ${artFolder}/data/dalvik-cache/x86_64 ${artFolder}/apex`,
        'mkdir -p /mnt/android',
        'mount -o ro,loop /tmp/android/system.img /mnt/android',
        `cp -a /mnt/android/system/bin /mnt/android/system/lib64 /mnt/android/system/framework ${artFolder}/system/ 2>/dev/null || cp -a /mnt/android/bin /mnt/android/lib64 /mnt/android/framework ${artFolder}/system/`,
        `cp -a /mnt/android/system/apex/. ${artFolder}/apex/ 2>/dev/null || true`,
        'umount /mnt/android',
        'rm -rf /tmp/android',
      ),
    ],
    [
      bash(
        'DexRuns',
        'export DEBIAN_FRONTEND=noninteractive',
        'apt-get install -y -qq --no-install-recommends openjdk-17-jdk-headless dalvik-exchange zip',
        'cd "$(mktemp -d)"',
        `printf '%s' 'class Hello { public static void main(String[] a) { System.out.println("hello"); } }' > Hello.java`,
        'javac --release 8 Hello.java',
        'dalvik-exchange --dex --output=classes.dex Hello.class',
        `zip -q ${artFolder}/data/hello.jar classes.dex`,
        `test "$(${run})" = hello`,
      ),
    ],
  );
}

/** JSON is YAML; Image Builder takes it as it is. */
function document(description: string, build: Step[], test: Step[]): object {
  return {
    schemaVersion: 1.0,
    description,
    phases: [
      { name: 'build', steps: build },
      { name: 'test', steps: test },
    ],
  };
}
