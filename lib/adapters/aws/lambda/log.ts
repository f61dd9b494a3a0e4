import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../../../ports/log.ts';

/** Structured logs by Powertools: JSON lines with service, level and the request id once a context was added. */
export function createLambdaLog(logger = new Logger()): Log {
  return {
    info: (message, fields = {}) => logger.info(message, fields),
    warn: (message, fields = {}) => logger.warn(message, fields),
    error: (message, fields = {}) => logger.error(message, fields),
  };
}
