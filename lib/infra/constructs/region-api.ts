import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  type CfnStage,
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpIamAuthorizer,
  HttpJwtAuthorizer,
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { operatorPaths } from '../../ports/contracts/operator.ts';
import { paths } from '../../ports/contracts/wire.ts';
import type { RegionStackProps } from '../region-stack.ts';
import type { RegionFunctions } from './region-functions.ts';

/**
 * The regional endpoint. Three kinds of route: public (ping, regions, keys, OpenAPI), device (placements, invocations) and
 * admin (everything that changes or shows configuration; signed with IAM).
 */
export class RegionApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: RegionStackProps & { functions: RegionFunctions }) {
    super(scope, id);
    const { deployment, functions } = props;
    this.api = new HttpApi(this, 'Http', {
      apiName: `${deployment.name}-${props.geography.id}`,
      description: 'OaaS regional endpoint',
      createDefaultStage: true,
      corsPreflight: {
        allowOrigins: ['*'],
        allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
        allowHeaders: ['authorization', 'content-type', 'x-api-key'],
        maxAge: Duration.hours(1),
      },
    });
    this.throttleAndLog(deployment.throttleRatePerS);
    const device = this.deviceAuthorizer(props);
    const admin = new HttpIamAuthorizer();
    const open = new HttpNoneAuthorizer();

    const classifier = functions.classifier;
    for (const path of [paths.ping, paths.regions, paths.keys, paths.openapi])
      this.route(HttpMethod.GET, path, classifier, open);
    this.route(HttpMethod.POST, paths.placements, classifier, device);
    this.route(HttpMethod.POST, paths.invocations, classifier, device);
    for (const [groupId, controller] of functions.groupControllers) {
      this.route(HttpMethod.POST, paths.groupPlacements(groupId), controller, device);
    }
    for (const kind of ['sla', 'app', 'group']) {
      this.route(HttpMethod.GET, paths.config(kind), functions.admin, admin);
      for (const method of [HttpMethod.GET, HttpMethod.PUT, HttpMethod.DELETE])
        this.route(method, paths.config(kind, '{id}'), functions.admin, admin);
    }
    for (const path of [paths.bundles, paths.uploads, paths.apps])
      this.route(HttpMethod.POST, path, functions.admin, admin);
    this.route(HttpMethod.GET, paths.bundle('{digest}'), functions.admin, admin);
    this.route(HttpMethod.PUT, paths.bundle('{digest}'), functions.admin, admin);
    for (const path of [paths.status, ...Object.values(operatorPaths)])
      this.route(HttpMethod.GET, path, functions.admin, admin);
    this.route(HttpMethod.GET, paths.tasks, functions.admin, admin);
    this.route(HttpMethod.DELETE, paths.task('{id}'), functions.admin, admin);
  }

  private route(method: HttpMethod, path: string, fn: IFunction, authorizer: IHttpRouteAuthorizer): void {
    const integration = new HttpLambdaIntegration(`${fn.node.path.split('/').at(-2)}Integration`, fn, {
      timeout: Duration.seconds(29),
    });
    this.api.addRoutes({ path, methods: [method], integration, authorizer });
  }

  private deviceAuthorizer(props: RegionStackProps & { functions: RegionFunctions }): IHttpRouteAuthorizer {
    const { deviceAuth } = props.deployment;
    if (deviceAuth.kind === 'jwt')
      return new HttpJwtAuthorizer('Device', deviceAuth.issuer, { jwtAudience: deviceAuth.audience });
    return new HttpLambdaAuthorizer('Device', props.functions.authorizer!, {
      identitySource: ['$request.header.authorization'],
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      resultsCacheTtl: Duration.minutes(5),
    });
  }

  private throttleAndLog(ratePerS: number): void {
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = this.api.defaultStage!.node.defaultChild as CfnStage;
    stage.defaultRouteSettings = {
      throttlingRateLimit: ratePerS,
      throttlingBurstLimit: 2 * ratePerS,
      detailedMetricsEnabled: true,
    };
    stage.accessLogSettings = {
      destinationArn: logs.logGroupArn,
      format: JSON.stringify({
        requestId: '$context.requestId',
        route: '$context.routeKey',
        status: '$context.status',
        ms: '$context.responseLatency',
        principal: '$context.authorizer.principalId',
        ip: '$context.identity.sourceIp',
        error: '$context.error.message',
      }),
    };
  }
}
