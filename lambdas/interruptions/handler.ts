/** EC2 will take a machine back: no new work for it from now on, its agent drains. */

import { createInterruptionStore } from '../../lib/adapters/aws/dynamodb-region-rows.ts';
import { vmIdOf } from '../../lib/adapters/aws/ec2/vm-id.ts';
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createParts } from '../../lib/adapters/aws/lambda/parts.ts';
import { cordonInterrupted } from '../../lib/app/cordon-interrupted.ts';
import { interruptionEventSchema } from '../../lib/ports/contracts/schedule-event.ts';

const parts = createParts(lambdaConfig());
const interruptions = createInterruptionStore(parts.dynamoDb, parts.config.stateTable);

export async function handler(event: unknown): Promise<{ outcome: string }> {
  const { region, time, detail } = interruptionEventSchema.parse(event);
  const notice = { vmId: vmIdOf(detail['instance-id'], region), atMs: Date.parse(time) };
  return { outcome: await cordonInterrupted({ ...parts, interruptions }, notice) };
}
