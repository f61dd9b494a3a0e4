import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface FakeSsm {
  endpoint: string;
  parameters: Map<string, { Value: string; Type: string }>;
  close(): void;
}

/** The two calls of SSM's JSON protocol that the key storage makes. */
export async function startFakeSsm(): Promise<FakeSsm> {
  const parameters: FakeSsm['parameters'] = new Map();
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as { Name: string; Value: string; Type: string; WithDecryption?: boolean };
    const known = parameters.get(body.Name);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (request.headers['x-amz-target'] === 'AmazonSSM.PutParameter') {
      parameters.set(body.Name, body);
      response.end('{"Version":1}');
    } else if (known === undefined) {
      response.statusCode = 400;
      response.end('{"__type":"ParameterNotFound"}');
    } else {
      const Value = body.WithDecryption ? known.Value : 'kms-ciphertext';
      response.end(JSON.stringify({ Parameter: { ...known, Value } }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    parameters,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
