/** Makes the region's first ticket-signing key, then a new one a month; old keys verify until no ticket of theirs can live. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaLog } from '../../lib/adapters/aws/lambda/log.ts';
import { createSsmClient, createSsmKeyStorage } from '../../lib/adapters/aws/ssm-key-storage.ts';
import { rotateWhenDue } from '../../lib/adapters/node/key-ring.ts';

const dayMs = 86_400_000;
const policy = { rotateAfterMs: 30 * dayMs, keepMs: 33 * dayMs };

const { region, awsEndpoint, ticketKeyParameter } = lambdaConfig();
const storage = createSsmKeyStorage(createSsmClient({ region, endpoint: awsEndpoint }), ticketKeyParameter);
const log = createLambdaLog();

export async function handler(): Promise<{ outcome: string }> {
  const outcome = await rotateWhenDue(storage, policy, Date.now());
  log.info('ticket keys', { outcome });
  return { outcome };
}
