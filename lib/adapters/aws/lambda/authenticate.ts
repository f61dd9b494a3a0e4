import type { LambdaContext, LambdaEvent } from 'hono/aws-lambda';
import type { Authenticate, Identity } from '../../../app/http/identity.ts';

/** What API Gateway's authorizers leave in an HTTP API v2 event. */
interface AuthorizerContext {
  jwt?: { claims?: Record<string, string> };
  iam?: { userArn?: string };
  lambda?: { principalId?: string };
}

export interface LambdaBindings {
  event: LambdaEvent;
  lambdaContext: LambdaContext;
}

/**
 * The gateway has already refused whoever it does not know; this reads who it was. IAM callers are admins (only admin routes
 * carry the IAM authorizer), tokens and keys are devices.
 */
export const authenticateByGateway: Authenticate = (context): Identity | null => {
  const { event } = context.env as LambdaBindings;
  const authorizer = (event.requestContext as { authorizer?: AuthorizerContext }).authorizer;
  if (authorizer?.iam?.userArn !== undefined) return { scope: 'admin', principal: authorizer.iam.userArn };
  const subject = authorizer?.jwt?.claims?.sub ?? authorizer?.lambda?.principalId;
  return subject === undefined ? null : { scope: 'device', principal: subject };
};
