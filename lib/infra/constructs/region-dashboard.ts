import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Dashboard, GraphWidget, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { metricNames, metricNamespace } from '../../ports/contracts/metrics.ts';
import type { RegionStackProps } from '../region-stack.ts';

/** The same figures as the local page: promise against measurement, load against forecast, rent against its bound. */
export class RegionDashboard extends Construct {
  constructor(scope: Construct, id: string, props: RegionStackProps & { api: HttpApi }) {
    super(scope, id);
    const { deployment, geography, api } = props;
    const perPool = (metricName: string, statistic: string): IMetric =>
      new MathExpression({
        expression: `SEARCH('{${metricNamespace},region,pool} region="${geography.home}" MetricName="${metricName}"', '${statistic}')`,
        usingMetrics: {},
        label: metricName,
        period: Duration.minutes(deployment.slotMinutes),
      });
    const graph = (title: string, left: IMetric[], leftLabel: string) =>
      new GraphWidget({ title, left, leftYAxis: { label: leftLabel, showUnits: false, min: 0 }, width: 12, height: 6 });
    const m = metricNames;
    new Dashboard(this, 'Page', {
      dashboardName: `${deployment.name}-${geography.id}`,
      widgets: [
        [
          graph(
            'Response time: target, predicted, measured',
            [
              perPool(m.targetMs, 'Average'),
              perPool(m.responseMsPredicted, 'Average'),
              perPool(m.responseMsMean, 'Average'),
            ],
            'ms',
          ),
          graph(
            'Arrivals and forecast',
            [perPool(m.arrivals, 'Sum'), perPool(m.arrivalsForecast, 'Average')],
            'per slot',
          ),
        ],
        [
          graph('Machines', [perPool(m.vmsReady, 'Average'), perPool(m.vmsBooting, 'Average')], 'VMs'),
          graph(
            'Rent and its fluid bound',
            [perPool(m.rentUsdPerHour, 'Average'), perPool(m.rentBoundUsdPerHour, 'Average')],
            'USD/h',
          ),
        ],
        [
          graph(
            'Refusals and failed launches',
            [perPool(m.refused, 'Sum'), perPool(m.launchFailures, 'Sum')],
            'per slot',
          ),
          graph('Endpoint', [api.metricCount(), api.metricClientError(), api.metricServerError()], 'requests'),
        ],
      ],
    });
  }
}
