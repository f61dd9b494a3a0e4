/** HAProxy as the peer: TLS on both sides, kept-alive connections, round robin over the same agents. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity } from '../../surrogate/certificate.ts';
import type { BenchVm } from './fleet.ts';

export interface Peer {
  url: string;
  certPem: string;
  serverName: string;
  version: string;
  stop(): Promise<void>;
}

/** @throws Error saying how to install it when HAProxy is not there */
export async function startHaproxy(vms: readonly BenchVm[]): Promise<Peer> {
  const version = haproxyVersion();
  const dir = await mkdtemp(join(tmpdir(), 'oaas-haproxy-'));
  const serverName = 'front';
  const front = createIdentity(serverName, Date.now());
  await writeFile(join(dir, 'front.pem'), front.certPem + front.keyPem, { mode: 0o600 });
  for (const vm of vms) await writeFile(join(dir, `${vm.vmId}.pem`), vm.certPem);
  const port = await freePort();
  const servers = vms.map(({ vmId, url }) => {
    const tls = `ssl verify required ca-file ${join(dir, `${vmId}.pem`)} sni str(${vmId}) verifyhost ${vmId}`;
    return `  server ${vmId} ${new URL(url).host} ${tls}`;
  });
  const config = `
global
  maxconn 4096
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 2s
  timeout client 120s
  timeout server 120s
frontend front
  bind 127.0.0.1:${port} ssl crt ${join(dir, 'front.pem')}
  default_backend agents
backend agents
  balance roundrobin
${servers.join('\n')}
`;
  const file = join(dir, 'haproxy.cfg');
  await writeFile(file, config);
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let trouble = '';
  child.stderr.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString()).slice(-2_000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await exited;
    clearTimeout(timer);
    await rm(dir, { recursive: true, force: true });
  };
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (child.exitCode !== null || tries === 300) {
      await stop();
      throw new Error(`HAProxy did not start: ${trouble}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url: `https://127.0.0.1:${port}`, certPem: front.certPem, serverName, version, stop };
}

function haproxyVersion(): string {
  try {
    return /version (\S+)/.exec(execFileSync('haproxy', ['-v'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  } catch (cause) {
    throw new Error('this benchmark compares with HAProxy, which is not in PATH: `apt-get install haproxy`', { cause });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
