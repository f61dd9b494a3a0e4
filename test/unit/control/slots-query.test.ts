import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbStateStore } from '../../../lib/adapters/aws/dynamodb-state-store.ts';
import { operatorRoutes } from '../../../lib/app/http/operator.ts';
import { startTestDynalite, type TestDynamoDb } from '../../support/dynamodb.ts';
import { createWorld, poolId } from '../../support/scaler-world.ts';

/** Over the real wire protocol: DynamoDB refuses ranges that run backwards, a store in memory does not. */
describe('the query of /v1/slots', () => {
  let database: TestDynamoDb;
  let ask: (query: string) => Promise<{ status: number; body: Record<string, unknown> }>;

  beforeAll(async () => {
    database = await startTestDynalite();
    const { listSlots } = createDynamoDbStateStore(database.client, await database.freshTable());
    const deps = createWorld().deps('query');
    const scaler = { ...deps, state: { ...deps.state, listSlots } };
    const routes = operatorRoutes({ authenticate: () => ({ scope: 'admin', principal: 'a' }), scaler });
    ask = async (query) => {
      const answer = await routes.request(`/v1/slots?pool=${poolId}&${query}`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
  });
  afterAll(() => database.close());

  it.each([
    'from=5&to=1',
    'from=5&to=5',
    'from=9007199254740991',
    'from=',
    'to=',
    'from=-1',
    'from=1.5',
    'from=0x10',
    'to=1e3',
    'from=NaN',
  ])('%s is refused with the field and the value', async (query) => {
    const { status, body } = await ask(query);
    expect(status).toBe(400);
    const [name, value] = query.split('&')[0]!.split('=');
    expect(body.errors).toMatchObject([{ field: name, received: value }]);
  });

  it.each(['', 'from=999999999999999', 'to=0', 'to=1', 'from=0&to=999999999999999'])(
    '%j has an answer',
    async (query) => {
      expect(await ask(query)).toMatchObject({ status: 200, body: { slots: [] } });
    },
  );
});
