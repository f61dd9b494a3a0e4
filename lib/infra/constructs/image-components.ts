/** What the surrogate image consists of, as Image Builder components (AWSTOE documents). */
import type { Deployment, SystemImage } from '../../ports/contracts/deployment.ts';
import type { ComponentDocument, ComponentStep } from './component-document.ts';

export type Architecture = Deployment['image']['architectures'][number];

/** Node.js of the surrogates, with the hashes of its release's SHASUMS256.txt. */
const nodeVersion = 'v22.14.0';
const nodeArchive: Record<Architecture, { platform: string; sha256: string }> = {
  x86_64: { platform: 'linux-x64', sha256: '69b09dba5c8dcb05c4e4273a4340db1005abeafe3927efda2bc5b249e80437ec' },
  arm64: { platform: 'linux-arm64', sha256: '08bfbf538bad0e8cbb0269f0173cca28d705874a67a22f60b57d99dc99e30050' },
};
const artFolder = '/opt/oaas/art';

const bash = (name: string, ...commands: string[]): ComponentStep => ({
  name,
  action: 'ExecuteBash',
  inputs: { commands: ['set -euo pipefail', ...commands] },
});

/** @param files where the zip of the agent's folder is (`buildAgentFolder`) */
export function runtimeComponent(
  architecture: Architecture,
  files: { bucket: string; key: string },
): ComponentDocument {
  const { platform, sha256 } = nodeArchive[architecture];
  const archive = `node-${nodeVersion}-${platform}.tar.xz`;
  const release = `https://nodejs.org/dist/${nodeVersion}`;
  return document(
    'OaaS agent with Node.js, a JVM and bubblewrap',
    [
      bash(
        'Packages',
        'export DEBIAN_FRONTEND=noninteractive',
        'apt-get update -qq',
        'apt-get install -y -qq --no-install-recommends bubblewrap curl ca-certificates unzip xz-utils nftables openjdk-17-jre-headless',
      ),
      bash(
        'Node',
        'cd /tmp',
        `curl -fsSO --retry 3 ${release}/${archive}`,
        `echo '${sha256}  ${archive}' | sha256sum -c -`,
        `tar -xJf ${archive} -C /usr/local --strip-components=1 --no-same-owner`,
        `rm ${archive}`,
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
        'install -m 0644 /opt/oaas/metadata.nft /etc/nftables.conf',
        'systemctl enable nftables.service',
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
      bash(
        'MetadataForRootOnly',
        'nft list chain inet oaas metadata',
        'curl -sS --max-time 5 -o /dev/null http://169.254.169.254/',
        'if runuser -u nobody -- curl -sS --max-time 5 -o /dev/null http://169.254.169.254/; then exit 1; fi',
      ),
    ],
  );
}

/**
 * `dalvikvm` of a pinned Android system image, without Zygote and GUI (IoT paper, section on Dalvik-x86): the system's folders below
 * /opt/oaas/art, where the agent's `art` runtime looks for them.
 *
 * @param files where the zip of the agent's folder is, for `install-art.sh` and what it uses
 */
export function artComponent(art: SystemImage, files: { bucket: string; key: string }): ComponentDocument {
  const hash = art.sha256 === undefined ? `sha1:${art.sha1}` : `sha256:${art.sha256}`;
  return document(
    'Dalvik/ART runtime of a pinned Android x86-64 system image',
    [
      bash(
        'Tools',
        'export DEBIAN_FRONTEND=noninteractive',
        'apt-get update -qq',
        'apt-get install -y -qq --no-install-recommends curl ca-certificates unzip python3-minimal e2fsprogs',
        // Not a tool that strangers' code should find on the machine: taken away again below.
        'apt-get install -y -qq --no-install-recommends gcc',
        'install -d -m 0755 /tmp/android',
      ),
      {
        name: 'Installer',
        action: 'S3Download',
        inputs: [{ source: `s3://${files.bucket}/${files.key}`, destination: '/tmp/android/agent.zip' }],
      },
      bash(
        'Install',
        'cd /tmp/android',
        'unzip -o -q -j agent.zip install-art.sh unpack-system.py ashmem.c',
        `bash install-art.sh '${art.systemImageUrl}' '${art.sizeBytes ?? '-'}' '${hash}' ${artFolder}`,
        'cd / && rm -rf /tmp/android',
        'apt-get purge -y -qq --auto-remove gcc',
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
        'zip -q hello.jar classes.dex',
        // As the agent runs it: surrogate/runtimes/art/dalvik-runtime.ts.
        'system=(--setenv ANDROID_ROOT /system --setenv ANDROID_DATA /data)',
        `for part in system apex data; do if [ -d ${artFolder}/$part ]; then system+=(--ro-bind "${artFolder}/$part" "/$part"); fi; done`,
        `if [ -e ${artFolder}/system/lib64/liboaas-ashmem.so ]; then system+=(--setenv LD_PRELOAD /system/lib64/liboaas-ashmem.so); fi`,
        `if [ -d ${artFolder}/apex/com.android.art ]; then system+=(--setenv ANDROID_ART_ROOT /apex/com.android.art --setenv ANDROID_I18N_ROOT /apex/com.android.i18n --setenv ANDROID_TZDATA_ROOT /apex/com.android.tzdata); fi`,
        `said=$(bwrap --unshare-all --die-with-parent --clearenv --proc /proc --dev /dev --tmpfs /tmp "\${system[@]}" --ro-bind hello.jar /hello.jar /system/bin/dalvikvm64 -Xnorelocate -Xnoimage-dex2oat -cp /hello.jar Hello)`,
        'test "$said" = hello',
      ),
    ],
  );
}

/** JSON is YAML; Image Builder takes it as it is. */
function document(description: string, build: ComponentStep[], test: ComponentStep[]): ComponentDocument {
  return {
    schemaVersion: 1,
    description,
    phases: [
      { name: 'build', steps: build },
      { name: 'test', steps: test },
    ],
  };
}
