import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the fake answers; a test changes one thing at a time. */
export interface FakeAccount {
  parameters: Record<string, { Value: string; Type: string } | undefined>;
  /** By quota code. */
  quotas: Record<string, number>;
  buckets: string[];
  /** Subnet per zone. */
  subnets: { zone: string; subnetId: string }[];
  /** Error code of a dry run; `DryRunOperation` is EC2's yes. */
  dryRun: string;
  /** Added to the clock that the Date header tells. */
  clockOffMs: number;
  /** Status of the endpoint's own ping. */
  pingStatus: number;
}

export interface FakeAws {
  endpoint: string;
  /** Bodies of the dry runs. */
  launches: URLSearchParams[];
  close(): void;
}

/** SSM's, Service Quotas', EC2's and S3's answers to the calls that `oaas doctor` makes, and a regional endpoint's ping. */
export async function startFakeAws(account: FakeAccount): Promise<FakeAws> {
  const launches: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    response.setHeader('date', new Date(Date.now() + account.clockOffMs).toUTCString());
    const body = await text(request);
    const send = (status: number, content: string) => response.writeHead(status).end(content);
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.startsWith('AmazonSSM')) {
      const found = account.parameters[(JSON.parse(body) as { Name: string }).Name];
      if (found === undefined) return send(400, '{"__type":"ParameterNotFound","message":"absent"}');
      return send(200, JSON.stringify({ Parameter: { ...found, Version: 3, LastModifiedDate: 1_700_000_000 } }));
    }
    if (target.startsWith('ServiceQuotas')) {
      const { QuotaCode } = JSON.parse(body) as { QuotaCode: string };
      return send(200, JSON.stringify({ Quota: { Value: account.quotas[QuotaCode] ?? 0 } }));
    }
    if (request.url === '/ping') return send(200, 'healthy');
    if (request.url === '/v1/ping') return send(account.pingStatus, '{}');
    if (request.method === 'HEAD') {
      return send(account.buckets.includes((request.url ?? '').split(/[/?]/)[1] ?? '') ? 200 : 404, '');
    }
    const query = new URLSearchParams(body);
    if (query.get('Action') === 'DescribeSubnets') {
      const items = account.subnets.map(
        ({ zone, subnetId }) =>
          `<item><subnetId>${subnetId}</subnetId><availabilityZone>${zone}</availabilityZone></item>`,
      );
      return send(200, `<DescribeSubnetsResponse><subnetSet>${items.join('')}</subnetSet></DescribeSubnetsResponse>`);
    }
    if (query.get('Action') === 'RunInstances') {
      launches.push(query);
      const error = `<Code>${account.dryRun}</Code><Message>told by the fake</Message>`;
      return send(412, `<Response><Errors><Error>${error}</Error></Errors><RequestID>r</RequestID></Response>`);
    }
    return send(400, `unexpected ${request.method} ${request.url} ${body.slice(0, 100)}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    launches,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
