import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { Deployment } from '../ports/contracts/deployment.ts';
import { names } from './names.ts';

export interface GlobalStackProps extends StackProps {
  deployment: Deployment;
  /**
   * How many home regions have joined the configuration table. CloudFormation adds one replica per update, so
   * `oaas deploy` raises this by one until all have; undefined = all at once (a first deployment to an empty account).
   */
  replicas?: number;
}

/** The configuration table (SLAs, apps, groups) as a global table with a replica per home region. */
export class GlobalStack extends Stack {
  readonly configTable: TableV2;

  constructor(scope: Construct, id: string, props: GlobalStackProps) {
    super(scope, id, props);
    const { deployment } = props;
    const others = deployment.geographies.map((g) => g.home).slice(1);
    this.configTable = new TableV2(this, 'ConfigTable', {
      tableName: names.configTable(deployment),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
      replicas: others.slice(0, props.replicas ?? others.length).map((region) => ({ region })),
    });
  }
}
