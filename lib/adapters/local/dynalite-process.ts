/**
 * Child-process entry of the embedded DynamoDB: `node dynalite-process.ts [--path DIR] [--port N]`. It sends
 * `{ type: 'ready', endpoint }` or `{ type: 'failed', code, message }` over IPC and ends when its parent does, however that ends:
 * a closed IPC channel closes the database properly.
 */
import { parseArgs } from 'node:util';
import { startDynalite } from './dynalite.ts';

const { values } = parseArgs({ options: { path: { type: 'string' }, port: { type: 'string', default: '0' } } });

// Ctrl-C reaches the whole process group: the parent decides when the database goes, after its last write.
process.on('SIGINT', () => {});
try {
  const database = await startDynalite({ path: values.path ?? null, port: Number(values.port) });
  const stop = () => database.close().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  process.send?.({ type: 'ready', endpoint: database.endpoint });
} catch (error) {
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  process.send?.({ type: 'failed', code, message });
  process.exitCode = 1;
}
