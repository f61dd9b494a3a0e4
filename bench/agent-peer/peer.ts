import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LeanClient, type TlsAddress } from '../lean-client.ts';

export interface BarePeer {
  client: LeanClient;
  stop(): void;
}

/** Starts the bare server in a process of its own and connects to it. */
export async function startBarePeer(): Promise<BarePeer> {
  const child = fork(fileURLToPath(new URL('server-process.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const address = await new Promise<TlsAddress>((resolve, reject) => {
    child.once('message', (message: TlsAddress) => resolve(message));
    child.once('exit', (code) => reject(new Error(`the bare server ended with ${code}`)));
  });
  const client = await LeanClient.open(address);
  return {
    client,
    stop() {
      client.close();
      child.removeAllListeners('exit');
      child.kill();
    },
  };
}
