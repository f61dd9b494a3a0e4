/**
 * Devices that offload with the SDK, in a process of their own (it trusts the endpoint's certificate by NODE_EXTRA_CA_CERTS). Reads `rate N` (calls
 * per second) and `stop` from its input, writes one JSON line per call that has ended.
 */
import { createInterface } from 'node:readline';
import { OaaS } from '../../sdk/typescript/src/index.node.ts';

const { OAAS_TEST_ENDPOINT: endpoint, OAAS_TEST_KEY: apiKey, OAAS_TEST_CPU_MS: cpuMs } = process.env;
if (endpoint === undefined || apiKey === undefined) throw new Error('OAAS_TEST_ENDPOINT and OAAS_TEST_KEY are needed');

const devices = new OaaS({ endpoints: [endpoint], apiKey });
const burn = devices.offload<number, { usedMs: number }>('spin', 'burn', async () => ({ usedMs: 0 }), {
  prefer: 'remote',
  deadlineMs: 30_000,
  idempotent: false,
});

let ratePerS = 0;
let calls = 0;
let open = 0;
let stopping = false;

async function call(): Promise<void> {
  const requestId = `call-${++calls}`;
  open += 1;
  const line = await burn.detailed(Number(cpuMs ?? 100), { requestId }).then(
    ({ ranOn, attempts, timings }) => ({ ok: true, ranOn, attempts, totalMs: timings.totalMs }),
    (error: Error) => ({ ok: false, error: error.message }),
  );
  open -= 1;
  process.stdout.write(`${JSON.stringify({ requestId, atMs: Date.now(), ...line })}\n`);
  if (stopping && open === 0) end();
}

function end(): void {
  process.stdout.write(`${JSON.stringify({ asked: calls })}\n`);
  devices.close();
  process.exit(0);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, value] = line.split(' ');
    if (word === 'rate') ratePerS = Number(value);
    else stopping = true;
    if (stopping && open === 0) end();
  })
  .on('close', () => process.exit(0));

// Evenly spaced: the test wants load, not noise.
let due = 0;
setInterval(() => {
  if (stopping) return;
  due += ratePerS / 10;
  for (; due >= 1; due -= 1) void call();
}, 100);
