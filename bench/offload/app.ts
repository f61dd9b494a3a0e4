import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';

const manifest = {
  id: 'bench',
  version: '1.0.0',
  runtime: 'node',
  entry: 'main.mjs',
  methods: { empty: { idempotent: true, demandS: 0.001 }, spin: { idempotent: true, demandS: 0.1 } },
};

/** `spin(ms)` burns that much CPU time, however slowly the VM gives it. */
const source = `
export function empty() { return null; }
export function spin(ms) {
  const start = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 >= ms) return null;
  }
}
`;

/** The bundle of the benchmark's own app. */
export function benchBundle(): { bytes: Uint8Array; digest: string } {
  const files = { 'oaas.json': strToU8(JSON.stringify(manifest)), 'main.mjs': strToU8(source) };
  const bytes = zipSync(files, { mtime: new Date('2000-01-01T00:00:00Z') });
  return { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}
