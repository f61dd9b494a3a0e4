import type { Clock } from '../../../ports/clock.ts';

export const lambdaClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
