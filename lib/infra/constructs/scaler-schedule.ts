import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ScheduleEvent } from '../../ports/contracts/schedule-event.ts';
import type { RegionStackProps } from '../region-stack.ts';
import type { RegionFunctions } from './region-functions.ts';

export interface ScalerScheduleProps extends RegionStackProps {
  functions: RegionFunctions;
  /** When the first tick comes: the deployment's first lead before a slot. Later ones follow at the slot's length. */
  start: Date;
}

/**
 * What runs by the clock: the scaler once per slot and every minute (it knows by what launches took which of these plans the slot), prices every six hours, ticket keys daily (the handler rotates when due).
 * A tick that cannot be delivered within a minute is dropped: the next slot's is on its way. Drops are kept in a queue that alarms.
 */
export class ScalerSchedule extends Construct {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: ScalerScheduleProps) {
    super(scope, id);
    const { deployment, functions } = props;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const every = (name: ScheduleEvent['schedule'], rate: Duration, fn: IFunction, description: string, start?: Date) =>
      new Schedule(this, name, {
        description,
        schedule: ScheduleExpression.rate(rate),
        timeWindow: TimeWindow.off(),
        ...(start === undefined ? {} : { start }),
        target: new LambdaInvoke(fn, {
          deadLetterQueue: this.deadLetters,
          maxEventAge: Duration.minutes(1),
          retryAttempts: 1,
          input: ScheduleTargetInput.fromObject({
            scheduledTime: '<aws.scheduler.scheduled-time>',
            schedule: name,
          } satisfies ScheduleEvent),
        }),
      });
    every(
      'Slots',
      Duration.minutes(deployment.slotMinutes),
      functions.scaler,
      'One tick per slot, a boot before it begins',
      props.start,
    );
    every('Looks', Duration.minutes(1), functions.scaler, 'Health, drains, bursts and lost machines between slots');
    every('Prices', Duration.hours(6), functions.prices, 'Price book refresh');
    every('TicketKeys', Duration.days(1), functions.ticketKeys, 'Makes the first ticket key, rotates monthly');
  }
}
