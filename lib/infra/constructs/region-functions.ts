import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { lambdaEnv } from '../../ports/contracts/lambda-env.ts';
import { names } from '../names.ts';
import type { RegionStackProps } from '../region-stack.ts';
import { OaasFunction } from './oaas-function.ts';
import type { RegionStorage } from './region-storage.ts';
import { scalerStatements } from './scaler-policy.ts';

/** The functions of one region, each with the rights that its one job needs. */
export class RegionFunctions extends Construct {
  readonly classifier: IFunction;
  readonly groupControllers: ReadonlyMap<string, IFunction>;
  readonly admin: IFunction;
  /** Not behind the endpoint, so it can be told where that is. */
  readonly scaler: LambdaFunction;
  readonly prices: IFunction;
  readonly ticketKeys: IFunction;
  readonly interruptions: IFunction;
  readonly authorizer: IFunction | null;

  constructor(scope: Construct, id: string, props: RegionStackProps & { storage: RegionStorage }) {
    super(scope, id);
    const { deployment, geography, storage } = props;
    const { account, partition } = Stack.of(this);
    const home = geography.home;
    const buckets = Object.fromEntries(
      deployment.geographies.map((g) => [g.home, names.bundleBucket(deployment, account, g.home)]),
    );
    const environment = {
      [lambdaEnv.deploymentName]: deployment.name,
      [lambdaEnv.region]: home,
      [lambdaEnv.account]: account,
      [lambdaEnv.partition]: partition,
      [lambdaEnv.configTable]: names.configTable(deployment),
      [lambdaEnv.stateTable]: names.stateTable(deployment, home),
      [lambdaEnv.bundleBuckets]: Stack.of(this).toJsonString(buckets),
      [lambdaEnv.ticketKeyParameter]: names.ticketKeyParameter(deployment, home),
      // The functions need not know what images are made of, and have 4 KB for all of this.
      [lambdaEnv.deployment]: JSON.stringify({
        ...deployment,
        image: { architectures: deployment.image.architectures },
      }),
    };
    const make = (handler: string, description: string, timeoutS: number, memoryMiB?: number, constructId = handler) =>
      new OaasFunction(this, pascal(constructId), {
        handler,
        description,
        timeout: Duration.seconds(timeoutS),
        environment,
        ...(memoryMiB === undefined ? {} : { memoryMiB }),
      }).function;

    const configArn = `arn:${partition}:dynamodb:${home}:${account}:table/${names.configTable(deployment)}`;
    const readConfig = () =>
      new PolicyStatement({
        sid: 'ReadConfiguration',
        actions: ['dynamodb:GetItem', 'dynamodb:Query'],
        resources: [configArn],
      });
    const writeConfig = (sid: string, leading?: string[]) =>
      new PolicyStatement({
        sid,
        actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
        resources: [configArn],
        ...(leading === undefined
          ? {}
          : { conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': leading } } }),
      });
    const keyArn = `arn:${partition}:ssm:${home}:${account}:parameter${names.ticketKeyParameter(deployment, home)}`;
    const readTicketKeys = () =>
      new PolicyStatement({ sid: 'ReadTicketKeys', actions: ['ssm:GetParameter'], resources: [keyArn] });

    const controllers = new Map<string, IFunction>();
    const classifier = make('classifier', 'Maps an app and its SLA to a VM-type group, and places', 30);
    for (const groupId of deployment.groups) {
      controllers.set(
        groupId,
        make('group-controller', `Places requests of group ${groupId}`, 10, undefined, `group-controller-${groupId}`),
      );
    }
    for (const fn of [classifier, ...controllers.values()]) {
      storage.stateTable.grantReadWriteData(fn);
      for (const statement of [readConfig(), readTicketKeys()]) fn.addToRolePolicy(statement);
    }

    const admin = make('admin', 'Registration of apps, SLAs and groups; status, tasks', 30, 1024);
    storage.stateTable.grantReadData(admin);
    admin.addToRolePolicy(
      new PolicyStatement({
        sid: 'KeepLastGoodConfiguration',
        actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
        resources: [storage.stateTable.tableArn],
        conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['documents'] } },
      }),
    );
    admin.addToRolePolicy(readConfig());
    admin.addToRolePolicy(readTicketKeys());
    admin.addToRolePolicy(writeConfig('WriteConfiguration'));
    admin.addToRolePolicy(
      new PolicyStatement({
        sid: 'BundlesInEveryHomeRegion',
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: Object.values(buckets).flatMap((bucket) =>
          ['bundles', 'uploads'].map((prefix) => `arn:${partition}:s3:::${bucket}/${prefix}/*`),
        ),
      }),
    );
    admin.addToRolePolicy(
      new PolicyStatement({
        // Without it S3 answers 403, not 404, for a bundle that is not there yet.
        sid: 'TellAbsentFromForbidden',
        actions: ['s3:ListBucket'],
        resources: [`arn:${partition}:s3:::${buckets[home]}`],
      }),
    );

    const scaler = make('scaler', 'Every slot: reconcile, observe, forecast, plan, apply, record', 300, 1024);
    storage.stateTable.grantReadWriteData(scaler);
    scaler.addToRolePolicy(readConfig());
    scaler.addToRolePolicy(readTicketKeys());
    scaler.addToRolePolicy(writeConfig('WriteFirstConfigurationAndOwnEndpoint', ['region', 'sla', 'group']));
    for (const statement of scalerStatements({ deployment, geography, partition, account }))
      scaler.addToRolePolicy(statement);

    const prices = make('prices', 'Refreshes the price book, keeps the last good one', 120);
    prices.addToRolePolicy(readConfig());
    prices.addToRolePolicy(writeConfig('WritePricesOnly', ['price']));
    prices.addToRolePolicy(
      new PolicyStatement({
        sid: 'Prices',
        actions: ['pricing:GetProducts', 'ec2:DescribeSpotPriceHistory'],
        resources: ['*'],
      }),
    );

    const ticketKeys = make(
      'ticket-keys',
      'Makes and rotates the ticket-signing key, old keys verify until their tickets end',
      30,
    );
    ticketKeys.addToRolePolicy(
      new PolicyStatement({
        sid: 'RotateTicketKeys',
        actions: ['ssm:GetParameter', 'ssm:PutParameter'],
        resources: [keyArn],
      }),
    );

    const interruptions = make(
      'interruptions',
      'Spot interruption notices and rebalance recommendations: cordon and drain',
      30,
    );
    storage.stateTable.grantReadWriteData(interruptions);
    interruptions.addToRolePolicy(readTicketKeys());

    this.authorizer =
      deployment.deviceAuth.kind === 'api-key'
        ? make('authorizer', 'Device keys for trials: looks the hash of the key up', 5)
        : null;
    this.authorizer?.addToRolePolicy?.(readConfig());
    this.classifier = classifier;
    this.groupControllers = controllers;
    this.admin = admin;
    this.scaler = scaler;
    this.prices = prices;
    this.ticketKeys = ticketKeys;
    this.interruptions = interruptions;
  }
}

function pascal(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_, __, c: string) => c.toUpperCase());
}
