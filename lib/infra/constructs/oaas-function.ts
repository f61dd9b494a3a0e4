import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

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
  readonly function: NodejsFunction;

  constructor(scope: Construct, id: string, props: OaasFunctionProps) {
    super(scope, id);
    this.function = new NodejsFunction(this, 'Function', {
      description: props.description,
      entry: `lambdas/${props.handler}/handler.ts`,
      handler: 'handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMiB ?? 512,
      timeout: props.timeout,
      tracing: Tracing.ACTIVE,
      logGroup: new LogGroup(this, 'Logs', {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.handler,
        ...props.environment,
      },
      // The function's own bundle carries exactly the SDK clients it uses: faster to load than the runtime's copy, and pinned.
      bundling: {
        format: OutputFormat.ESM,
        target: 'node22',
        minify: true,
        sourceMap: false,
        mainFields: ['module', 'main'],
        externalModules: [],
        banner: requireBanner,
      },
    });
  }
}

/** Some dependencies are CommonJS and call `require` for Node's own modules. */
const requireBanner =
  "import{createRequire as oaasRequire}from'node:module';const require=oaasRequire(import.meta.url);";
