/** The least that a prespawned start over TLS can be on this machine: a bare server that passes each body to one of its waiting processes. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createIdentity } from '../../surrogate/certificate.ts';

const waiting = 40;
const echo = fileURLToPath(new URL('echo-process.cjs', import.meta.url));
const { certPem, keyPem } = createIdentity('bare', Date.now());
const channels = Array.from(
  { length: waiting },
  () => spawn(process.execPath, [echo], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] }).stdio[3] as Socket,
);
let next = 0;
const server = createServer({ cert: certPem, key: keyPem, keepAliveTimeout: 600_000 }, (request, response) => {
  request.once('data', (body: Buffer) => {
    const channel = channels[next++ % waiting]!;
    channel.once('data', (answer: Buffer) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
    channel.write(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.send?.({ vmId: 'bare', url: `https://127.0.0.1:${port}`, certPem });
});
process.once('disconnect', () => process.exit(0));
