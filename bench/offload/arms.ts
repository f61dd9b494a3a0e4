/** The ways to run one task that are compared; each is one function from arguments to nothing. */
import { randomUUID } from 'node:crypto';
import https from 'node:https';
import { paths, type TaskResponse } from '../../lib/ports/contracts/wire.ts';
import { OaaS } from '../../sdk/typescript/src/index.node.ts';
import type { BenchVm, Fleet } from './fleet.ts';
import type { Peer } from './haproxy.ts';

export interface Arm {
  name: string;
  run(method: string, args: readonly unknown[]): Promise<void>;
  close(): void;
}

/** A device of its own: own ticket, own connections, no knowledge of the others' load. */
export async function sdkArm(fleet: Fleet): Promise<Arm> {
  const oaas = new OaaS({ endpoints: [fleet.endpoint], apiKey: fleet.deviceKey, probeIntervalMs: 0 });
  const methods = new Map(
    ['empty', 'spin', 'absent'].map((name) => [name, oaas.offload<readonly unknown[], null>('bench', name, null)]),
  );
  await oaas.ready();
  return {
    name: 'OaaS session',
    async run(method, args) {
      await methods.get(method)!(args);
    },
    close: () => oaas.close(),
  };
}

/** The same agent by plain `https`, kept alive and pinned, without any ticket or SDK. */
export function rawArm(fleet: Fleet, vm: BenchVm): Arm {
  return httpsArm('agent without ticket', vm.url, vm.certPem, vm.vmId, fleet.digest);
}

export function haproxyArm(fleet: Fleet, peer: Peer): Arm {
  return httpsArm('HAProxy', peer.url, peer.certPem, peer.serverName, fleet.digest);
}

function httpsArm(name: string, url: string, ca: string, servername: string, digest: string): Arm {
  const caller = httpsCaller(name, url, ca, servername, digest);
  return {
    name,
    async run(method, args) {
      await caller.call(method, args);
    },
    close: caller.close,
  };
}

/** Calls one agent without a ticket (its bench-only open mode), over kept-alive pinned TLS. */
export function httpsCaller(name: string, url: string, ca: string, servername: string, digest: string) {
  const agent = new https.Agent({ keepAlive: true, ca, servername, scheduling: 'lifo' });
  const { hostname, port } = new URL(url);
  const call = (method: string, args: readonly unknown[]): Promise<TaskResponse> =>
    new Promise((resolve, reject) => {
      const task = {
        requestId: randomUUID(),
        method,
        args: { type: 'application/json', json: args },
        deadlineMs: 30_000,
      };
      const body = JSON.stringify(task);
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'oaas-app': digest,
      };
      const target = { host: hostname, port, path: paths.tasks, method: 'POST', agent, headers };
      const request = https.request(target, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(JSON.parse(text) as TaskResponse);
          else reject(new Error(`${name}: ${response.statusCode} ${text.slice(0, 300)}`));
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  return { call, close: () => agent.destroy() };
}
