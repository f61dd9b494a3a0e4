import { z } from 'zod';

/** What EventBridge Scheduler sends: written by the schedule construct, parsed by the handlers. */
export const scheduleEventSchema = z.object({
  schedule: z.enum(['Slots', 'Looks', 'Prices', 'TicketKeys']),
  /** When the run was due. */
  scheduledTime: z.iso.datetime({ offset: true }),
});
export type ScheduleEvent = z.infer<typeof scheduleEventSchema>;

/** As much of EC2's interruption warning or rebalance recommendation as we read. */
export const interruptionEventSchema = z.object({
  region: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  detail: z.object({ 'instance-id': z.string().regex(/^i-[0-9a-f]{8,17}$/, 'must be an EC2 instance id') }),
});
