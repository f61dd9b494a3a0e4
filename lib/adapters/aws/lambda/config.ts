import { type LambdaConfig, parseLambdaEnv } from '../../../ports/contracts/lambda-env.ts';
import { createLambdaLog } from './log.ts';

/** The environment, parsed once at initialization; every problem is logged before the function refuses to start. */
export function lambdaConfig(): LambdaConfig {
  try {
    return parseLambdaEnv(process.env);
  } catch (error) {
    createLambdaLog().error((error as Error).message);
    throw error;
  }
}
