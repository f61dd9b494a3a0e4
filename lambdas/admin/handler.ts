/** Routes of people who run the system: registration, agreements, groups, status, tasks, slots. */

import { createLambdaBundles } from '../../lib/adapters/aws/lambda/bundles.ts';
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaControl } from '../../lib/adapters/aws/lambda/control.ts';
import { createHttpHandler } from '../../lib/adapters/aws/lambda/http.ts';
import { addOperatorRoutes, operatorStatus } from '../../lib/adapters/aws/lambda/operator.ts';
import { createParts } from '../../lib/adapters/aws/lambda/parts.ts';
import { createConfig, createScalerDeps, offersOnly } from '../../lib/adapters/aws/lambda/scaler.ts';

const config = lambdaConfig();
const parts = createParts(config);
const cache = createConfig(parts);
const scaler = createScalerDeps(parts, cache, offersOnly(parts));
const control = createLambdaControl(parts, createLambdaBundles(config), {
  extraStatus: operatorStatus(config, scaler, cache),
});
addOperatorRoutes(control, scaler);

export const handler = createHttpHandler(parts, control);
