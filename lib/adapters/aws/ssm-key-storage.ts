import { GetParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { TicketKeyStorage } from '../../ports/tickets.ts';
import { ringSchema } from '../node/key-ring.ts';
import { sdkClient } from './sdk-client.ts';

export function createSsmClient(options: { region: string; endpoint?: string }): SSMClient {
  return sdkClient(SSMClient, 'secrets', options);
}

/** Signing keys of a region in one SecureString parameter, encrypted with the account's own SSM key. Never in a template. */
export function createSsmKeyStorage(client: Pick<SSMClient, 'send'>, parameterName: string): TicketKeyStorage {
  return {
    async read() {
      let text: string | undefined;
      try {
        const answer = await client.send(new GetParameterCommand({ Name: parameterName, WithDecryption: true }));
        text = answer.Parameter?.Value;
      } catch (error) {
        if (error instanceof ParameterNotFound) return null;
        throw error;
      }
      const ring = ringSchema.safeParse(parse(text));
      if (ring.success) return ring.data;
      throw new Error(`parameter ${parameterName} is not a ticket key ring; delete it to have new keys made`);
    },
    async write(keys) {
      await client.send(
        new PutParameterCommand({
          Name: parameterName,
          Type: 'SecureString',
          // A key is about 250 characters; the standard tier takes 4,096.
          Value: JSON.stringify(keys),
          Overwrite: true,
          Description: 'OaaS ticket-signing keys of this region, newest last',
        }),
      );
    },
  };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}
