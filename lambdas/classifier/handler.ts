/** Public and device routes: maps an app and its agreement to a VM-type group, and places. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaControl, noBundles } from '../../lib/adapters/aws/lambda/control.ts';
import { createHttpHandler } from '../../lib/adapters/aws/lambda/http.ts';
import { createParts } from '../../lib/adapters/aws/lambda/parts.ts';

const parts = createParts(lambdaConfig());
const control = createLambdaControl(parts, noBundles);
await control.warmUp();

export const handler = createHttpHandler(parts, control);
