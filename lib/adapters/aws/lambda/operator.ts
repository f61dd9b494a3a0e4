import type { ConfigCache } from '../../../app/config-cache.ts';
import { operatorRoutes } from '../../../app/http/operator.ts';
import { scalingStatus } from '../../../app/operate/scaling-status.ts';
import type { ScalerDeps } from '../../../app/scaler/deps.ts';
import type { LambdaConfig } from '../../../ports/contracts/lambda-env.ts';
import type { ScalingStatus } from '../../../ports/contracts/operator.ts';
import { authenticateByGateway } from './authenticate.ts';
import type { LambdaControl } from './control.ts';

/** What the scaler did and would do, from rows alone. */
export function readScaling(config: LambdaConfig, scaler: ScalerDeps, cache: ConfigCache): Promise<ScalingStatus> {
  return scalingStatus({
    scaler,
    geography: config.geography.id,
    configFaults: () =>
      cache.faults().map(({ kind, id, inForce, problems }) => ({
        kind: 'config-invalid',
        detail: `${kind} ${id} is invalid (${problems.map((p) => `${p.field}: ${p.message}`).join('; ')}); in force: ${inForce}`,
      })),
  });
}

/** The scaler's part of GET /v1/status. */
export const operatorStatus =
  (config: LambdaConfig, scaler: ScalerDeps, cache: ConfigCache) => async (): Promise<Record<string, unknown>> => ({
    scaling: await readScaling(config, scaler, cache),
  });

export function addOperatorRoutes(control: LambdaControl, scaler: ScalerDeps): void {
  control.plane.http.route('/', operatorRoutes({ authenticate: authenticateByGateway, scaler }));
}
