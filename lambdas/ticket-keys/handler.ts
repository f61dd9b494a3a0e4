/** Makes the region's first ticket-signing key, then a new one a month; old keys verify until no ticket of theirs can live. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaLog } from '../../lib/adapters/aws/lambda/log.ts';
import { createSsmClient, createSsmKeyStorage } from '../../lib/adapters/aws/ssm-key-storage.ts';
import { rotateWhenDue, ticketKeyPolicy } from '../../lib/adapters/node/key-ring.ts';

const { region, awsEndpoint, ticketKeyParameter } = lambdaConfig();
const storage = createSsmKeyStorage(createSsmClient({ region, endpoint: awsEndpoint }), ticketKeyParameter);
const log = createLambdaLog();

export async function handler(): Promise<{ outcome: string }> {
  const outcome = await rotateWhenDue(storage, ticketKeyPolicy, Date.now());
  log.info('ticket keys', { outcome });
  return { outcome };
}
