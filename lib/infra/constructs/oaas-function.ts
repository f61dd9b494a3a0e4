import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { handlerFolder } from '../bundle-handlers.ts';

export interface OaasFunctionProps {
  /** Folder under lambdas/ with a handler.ts. */
  handler: string;
  environment: Record<string, string>;
  timeout: Duration;
  memoryMiB?: number;
  description: string;
}

/** A Lambda function as all of ours are: arm64, one minified ES module, structured logs kept a month, X-Ray on. */
export class OaasFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: OaasFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Its own log group and nothing else, where AWS's managed policy would allow all of the account's.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      // Tests synthesize without bundling (context `aws:cdk:bundling-stacks`).
      code: Stack.of(this).bundlingRequired
        ? Code.fromAsset(handlerFolder(props.handler))
        : Code.fromInline('// not bundled'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      role,
      memorySize: props.memoryMiB ?? 512,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup,
      environment: { POWERTOOLS_SERVICE_NAME: props.handler, ...props.environment },
    });
  }
}
