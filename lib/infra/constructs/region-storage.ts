import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { names } from '../names.ts';
import type { RegionStackProps } from '../region-stack.ts';

/** State of one region and its copy of the app bundles. Both outlive the stack. */
export class RegionStorage extends Construct {
  readonly stateTable: TableV2;
  readonly bundles: Bucket;

  constructor(scope: Construct, id: string, props: RegionStackProps & { account: string }) {
    super(scope, id);
    const { deployment, geography } = props;
    this.stateTable = new TableV2(this, 'StateTable', {
      tableName: names.stateTable(deployment, geography.home),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAtS',
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
    });
    this.bundles = new Bucket(this, 'Bundles', {
      bucketName: names.bundleBucket(deployment, props.account, geography.home),
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: false,
      removalPolicy: RemovalPolicy.RETAIN,
      // Uploads that were never registered; registered bundles live under bundles/.
      lifecycleRules: [
        { prefix: 'uploads/', expiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }
}
