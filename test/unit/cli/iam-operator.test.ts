import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiGatewayRegion } from '../../../lib/adapters/aws/iam-caller.ts';
import { runCli } from '../../../lib/cli/program.ts';

let server: Server;
let endpoint: string;
const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    const regions = [{ id: 'eu-central-1', geography: 'europe', endpoint }];
    response.end(JSON.stringify(request.url === '/v1/regions' ? { regions } : { items: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDADMIN');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  server.closeAllConnections();
});

describe('admin commands on AWS', () => {
  it('are signed with the AWS credentials of whoever runs them', async () => {
    const quiet = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const code = await runCli(['sla', 'list', '--endpoint', endpoint, '--iam', 'eu-central-1']);
    quiet.mockRestore();
    expect(code).toBe(0);
    expect(seen.map(({ url }) => url)).toContain('/v1/slas');
    for (const { headers } of seen) {
      expect(headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDADMIN\/\d{8}\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/,
      );
      expect(headers['x-amz-security-token']).toBe('session');
    }
  });

  it('know an API Gateway address and its region', () => {
    expect(apiGatewayRegion('https://a1b2c3.execute-api.eu-central-1.amazonaws.com/')).toBe('eu-central-1');
    expect(apiGatewayRegion('https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn')).toBe('cn-north-1');
    expect(apiGatewayRegion('http://127.0.0.1:7400')).toBeNull();
    expect(apiGatewayRegion('https://execute-api.eu-central-1.amazonaws.com.example.org')).toBeNull();
  });
});
