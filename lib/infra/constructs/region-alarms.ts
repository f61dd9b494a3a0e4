import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { metricNames, metricNamespace } from '../../ports/contracts/metrics.ts';
import type { RegionStackProps } from '../region-stack.ts';
import type { RegionFunctions } from './region-functions.ts';

/** One alarm per thing a person must look at; docs/runbook.md has a section for each, by the alarm's name. */
export class RegionAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: RegionStackProps & { functions: RegionFunctions; api: HttpApi; deadLetters: Queue },
  ) {
    super(scope, id);
    const { deployment, geography, functions, api, deadLetters } = props;
    const slot = Duration.minutes(deployment.slotMinutes);
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    if (deployment.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(deployment.alarmEmail));
    const own = (metricName: string, statistic: string) =>
      new Metric({
        namespace: metricNamespace,
        metricName,
        dimensionsMap: { region: geography.home },
        statistic,
        period: slot,
      });
    const alarm = (
      name: string,
      metric: IMetric,
      threshold: number,
      periods: number,
      description: string,
      missing = TreatMissingData.NOT_BREACHING,
    ) =>
      new Alarm(this, name, {
        alarmName: `${deployment.name}-${geography.id}-${name}`,
        alarmDescription: `${description} See docs/runbook.md, ${name}.`,
        metric,
        threshold,
        evaluationPeriods: periods,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: missing,
      }).addAlarmAction(new SnsAction(topic));
    const errors = (fn: IFunction) => fn.metricErrors({ period: slot });

    alarm('ScalerFailing', errors(functions.scaler), 1, 2, 'The scaler ended with an error in two slots running.');
    alarm(
      'TicksDropped',
      deadLetters.metricApproximateNumberOfMessagesVisible({ period: slot }),
      1,
      1,
      'A scheduled run could not be delivered.',
    );
    alarm(
      'ServerErrors',
      api.metricServerError({ period: Duration.minutes(5) }),
      5,
      2,
      'The endpoint answers with 5xx.',
    );
    alarm('LaunchesFailing', own(metricNames.launchFailures, 'Sum'), 3, 2, 'Machines asked for did not come.');
    alarm(
      'TargetMissed',
      own(metricNames.slotsMissed, 'Sum'),
      1,
      3,
      'A pool missed its response-time target three slots running.',
    );
    alarm(
      'PricesStale',
      own(metricNames.priceAgeHours, 'Maximum'),
      48,
      1,
      'No fresh prices for two days; plans use the last good ones.',
    );
    alarm(
      'InvalidConfiguration',
      own(metricNames.configFaults, 'Maximum'),
      1,
      1,
      'A configuration row is invalid; the last good one is in force.',
    );
  }
}
