/** Routes of people who run the system: what the scaler did, what it would do now, the IoT paper's descriptor. */
import { Hono } from 'hono';
import { z } from 'zod';
import { operatorPaths, type SlotsResponse, slotsResponseSchema } from '../../ports/contracts/operator.ts';
import { backEndDescriptor } from '../operate/descriptor.ts';
import { livePlan } from '../operate/live-plan.ts';
import type { ScalerDeps } from '../scaler/deps.ts';
import { poolsOf } from '../scaler/pools.ts';
import { readFleet, requestedPools } from '../scaler/scale-region.ts';
import { invalidRequest, validateDocument } from '../validation.ts';
import { type Authenticate, type HttpEnv, requireScope } from './identity.ts';
import { sendProblem } from './send.ts';

/** Epoch milliseconds; keys of slots have so many digits. */
const instantSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'must be epoch milliseconds, at most 15 digits')
  .transform(Number);
const slotsQuerySchema = z
  .object({
    pool: z.string().max(200).optional(),
    from: instantSchema.optional(),
    to: instantSchema.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['from'],
    message: 'must be before `to`',
  });
/** Without `from`: this many slots. */
const defaultSlots = 30;

export function operatorRoutes(deps: { authenticate: Authenticate; scaler: ScalerDeps }): Hono<HttpEnv> {
  const { scaler } = deps;
  const admin = requireScope(deps.authenticate, 'admin');
  const app = new Hono<HttpEnv>();
  app.get(operatorPaths.plan, admin, async (c) => c.json(await livePlan(scaler)));
  app.get(operatorPaths.descriptor, admin, async (c) => {
    const { config, fleet } = await readFleet(scaler, scaler.clock.nowMs());
    const apps = [...config.apps.values()];
    return c.json(backEndDescriptor(scaler.region, apps, config.groupOf, fleet.live(), fleet.heartbeats));
  });
  app.get(operatorPaths.slots, admin, async (c) => {
    const query = validateDocument(slotsQuerySchema, c.req.query());
    if (!query.ok) return sendProblem(c, invalidRequest('the query is not valid', query.problems));
    return c.json(await slotsOf(scaler, query.value));
  });
  return app;
}

async function slotsOf(scaler: ScalerDeps, query: z.output<typeof slotsQuerySchema>): Promise<SlotsResponse> {
  const nowMs = scaler.clock.nowMs();
  const to = query.to ?? nowMs + scaler.options.slotMs;
  const from = query.from ?? Math.max(0, to - defaultSlots * scaler.options.slotMs);
  if (from >= to) return { region: scaler.region, slots: [] };
  const { config, fleet } = await readFleet(scaler, nowMs);
  const known = poolsOf(scaler.region, config, await requestedPools({ deps: scaler, nowMs, fleet })).keys();
  const slots: unknown[] = [];
  for (const poolId of query.pool === undefined ? known : [query.pool]) {
    slots.push(...(await scaler.state.listSlots(poolId, from, to)));
  }
  // Rows of another version are left out, not guessed at.
  const valid = slots.filter((slot) => slotsResponseSchema.shape.slots.element.safeParse(slot).success);
  return slotsResponseSchema.parse({ region: scaler.region, slots: valid });
}
