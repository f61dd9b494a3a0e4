/** What several functions are made of: clients and stores of one region, from the environment. */
import { createOfferBook, type OfferBook } from '../../../app/prices/offer-book.ts';
import type { ConfigStore } from '../../../ports/config-store.ts';
import type { LambdaConfig } from '../../../ports/contracts/lambda-env.ts';
import type { Log } from '../../../ports/log.ts';
import type { StateStore } from '../../../ports/state-store.ts';
import { createAgentClient } from '../../node/agent-client.ts';
import { createTicketSigner, type RotatingSigner } from '../../node/ticket-signer.ts';
import { createDynamoDbClient } from '../dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../dynamodb-config-store.ts';
import { createPriceStore } from '../dynamodb-region-rows.ts';
import { createDynamoDbStateStore } from '../dynamodb-state-store.ts';
import { principalOf } from '../ec2/vm-id.ts';
import { createSsmClient, createSsmKeyStorage } from '../ssm-key-storage.ts';
import { lambdaClock } from './clock.ts';
import { createLambdaLog } from './log.ts';

export interface Parts {
  config: LambdaConfig;
  log: Log;
  dynamoDb: ReturnType<typeof createDynamoDbClient>;
  state: StateStore;
  configStore: ConfigStore;
  signer: RotatingSigner;
  agents: ReturnType<typeof createAgentClient>;
  offers: OfferBook;
}

/** Agents ask for unknown keys at once and refresh theirs every minute; controllers every five. */
const keyRefreshMs = 300_000;
/** A new key is known to all before it signs. */
const keyPublishAheadMs = 3_600_000;

export function createParts(config: LambdaConfig): Parts {
  const { region, geography, deployment } = config;
  const log = createLambdaLog();
  const dynamoDb = createDynamoDbClient({ region, endpoint: config.dynamoDbEndpoint ?? config.awsEndpoint });
  const ssm = createSsmClient({ region, endpoint: config.awsEndpoint });
  const signer = createTicketSigner(createSsmKeyStorage(ssm, config.ticketKeyParameter), {
    nowMs: lambdaClock.nowMs,
    refreshMs: keyRefreshMs,
    publishAheadMs: keyPublishAheadMs,
  });
  return {
    config,
    log,
    dynamoDb,
    signer,
    state: createDynamoDbStateStore(dynamoDb, config.stateTable, {
      principalOf: (vmId) => principalOf(vmId, config.account, config.partition),
    }),
    configStore: createDynamoDbConfigStore(dynamoDb, config.configTable),
    agents: createAgentClient({ agentToken: (vmId) => signer.signAdmin(region, vmId, lambdaClock.nowMs()) }),
    offers: createOfferBook({
      store: createPriceStore(dynamoDb, config.configTable),
      dataCentres: geography.dataCentres,
      architectures: deployment.image.architectures,
      bootS: deployment.bootLeadS,
      clock: lambdaClock,
      log,
    }),
  };
}
