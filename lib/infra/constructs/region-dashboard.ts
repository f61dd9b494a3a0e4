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
    const search = (dimensions: string, metricName: string, statistic: string): IMetric =>
      new MathExpression({
        expression: `SEARCH('{${metricNamespace},${dimensions}} region="${geography.home}" MetricName="${metricName}"', '${statistic}')`,
        usingMetrics: {},
        label: metricName,
        period: Duration.minutes(deployment.slotMinutes),
      });
    const perPool = (metricName: string, statistic: string) => search('region,pool', metricName, statistic);
    const ofRegion = (metricName: string) => search('region', metricName, 'Maximum');
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
              perPool(m.responseMsP95Predicted, 'Average'),
              perPool(m.responseMsMean, 'Average'),
              perPool(m.responseMsP95, 'Average'),
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
          graph(
            'Machines by state',
            [m.vmsReady, m.vmsBooting, m.vmsDraining, m.vmsUnhealthy, m.vmsStopped].map((name) =>
              perPool(name, 'Average'),
            ),
            'VMs',
          ),
          graph(
            "Rent, its fluid bound, and the paper's algorithm",
            [m.rentUsdPerHour, m.rentBoundUsdPerHour, m.rentPaperUsdPerHour].map((name) => perPool(name, 'Average')),
            'USD/h',
          ),
        ],
        [
          graph('Machines by type', [search('region,type', m.vms, 'Average')], 'VMs'),
          graph(
            'Tasks running and waiting',
            [perPool(m.tasksRunning, 'Average'), perPool(m.tasksWaiting, 'Average')],
            'tasks',
          ),
        ],
        [
          graph(
            'Refusals and failed launches',
            [perPool(m.refused, 'Sum'), perPool(m.launchFailures, 'Sum')],
            'per slot',
          ),
          graph(
            'Faults: slots missed, invalid configuration, age of the prices',
            [perPool(m.slotsMissed, 'Sum'), ofRegion(m.configFaults), ofRegion(m.priceAgeHours)],
            'slots, rows, hours',
          ),
        ],
        [graph('Endpoint', [api.metricCount(), api.metricClientError(), api.metricServerError()], 'requests')],
      ],
    });
  }
}
