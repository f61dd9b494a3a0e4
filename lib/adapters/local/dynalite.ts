import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

export interface EmbeddedDynamoDb {
  /** `http://127.0.0.1:port` */
  endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts the embedded DynamoDB in this process.
 *
 * @param options.path folder of its files, null for memory only; one process at a time
 * @param options.port 0 takes any free one
 * @throws Error with `code` EADDRINUSE when the port is taken
 */
export async function startDynalite(options: { path: string | null; port: number }): Promise<EmbeddedDynamoDb> {
  const server = dynalite({
    ...(options.path === null ? {} : { path: options.path }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  // Its clients hold connections open between bursts; node's default of 5 s would race with them.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
