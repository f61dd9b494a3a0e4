/** Placements of one VM-type group, by the route that an earlier answer named; one function per group, so that each scales by itself. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaControl, noBundles } from '../../lib/adapters/aws/lambda/control.ts';
import { createHttpHandler } from '../../lib/adapters/aws/lambda/http.ts';
import { createParts } from '../../lib/adapters/aws/lambda/parts.ts';

const parts = createParts(lambdaConfig());
const control = createLambdaControl(parts, noBundles);
await control.warmUp();

export const handler = createHttpHandler(parts, control);
