/** API keys of devices, for trials: the key's hash is looked up, the principal is the key's id. */
import { createHash } from 'node:crypto';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDeviceKeys } from '../../lib/adapters/aws/dynamodb-region-rows.ts';
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';

const { region, awsEndpoint, dynamoDbEndpoint, configTable } = lambdaConfig();
const keys = createDeviceKeys(createDynamoDbClient({ region, endpoint: dynamoDbEndpoint ?? awsEndpoint }), configTable);

interface AuthorizerEvent {
  headers?: Record<string, string | undefined>;
}

/** Answer of API Gateway's simple response form; the context reaches the functions behind it. */
export async function handler(
  event: AuthorizerEvent,
): Promise<{ isAuthorized: boolean; context?: { principalId: string } }> {
  const token = /^Bearer ([\w.~+/=-]{16,200})$/i.exec(event.headers?.authorization ?? '')?.[1];
  if (token === undefined) return { isAuthorized: false };
  const principalId = await keys.find(createHash('sha256').update(token).digest('hex'));
  return principalId === null ? { isAuthorized: false } : { isAuthorized: true, context: { principalId } };
}
