import type { ModelInput, SessionParameters } from '../../../domain/queueing/types.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import type { Dispatcher } from './dispatcher.ts';
import { JoinIdleQueueDispatcher } from './join-idle-queue.ts';
import { JsqDispatcher } from './jsq.ts';
import { PowerOfChoicesDispatcher } from './sampling.ts';
import { SessionDispatcher } from './session.ts';
import { SnapshotDispatcher } from './snapshot.ts';
import { StaleJsqDispatcher, type StaleJsqOptions } from './stale-jsq.ts';
import { RoundRobinDispatcher, StaticSplitDispatcher } from './static.ts';

/** Every way the simulator can spread requests over a pool. */
export type SimulatedPolicy =
  | { policy: 'even' | 'capacity' | 'sqrt' }
  | { policy: 'round-robin'; dispatchers?: number }
  /** On the true occupancy. */
  | { policy: 'jsq' }
  /** The product's snapshot mode: a view refreshed every `ageS`, own placements added, likely completions taken off. */
  | { policy: 'snapshot'; ageS: number; dispatchers?: number }
  /** On reported occupancy; see `StaleJsqOptions`. */
  | ({ policy: 'stale-jsq' } & StaleJsqOptions)
  | { policy: 'join-idle-queue'; dispatchers?: number }
  | ({ policy: 'session' } & { session: SessionParameters })
  | { policy: 'power-of-choices'; choices: number };

/**
 * The simulation of what `npx oaas model` predicts. `snapshotAgeS` > 0 turns `jsq` into one controller whose view of all VMs is refreshed
 * every `snapshotAgeS` and which in between counts its own placements and what is likely to have ended.
 *
 * @throws RangeError when `session` is asked for without its parameters
 */
export function simulatedPolicy(input: Pick<ModelInput, 'policy' | 'session' | 'snapshotAgeS'>): SimulatedPolicy {
  const { policy, session, snapshotAgeS = 0 } = input;
  switch (policy) {
    case 'session':
      if (!session) throw new RangeError('session is missing: give {candidates, threshold, handoffS}');
      return { policy, session };
    case 'jsq':
      if (snapshotAgeS === 0) return { policy };
      return { policy: 'snapshot', ageS: snapshotAgeS };
    default:
      return { policy };
  }
}

/** @param arrivalRatePerS the rate that a static split may be computed for */
export function createDispatcher(
  spec: SimulatedPolicy,
  fleet: Fleet,
  random: UniformStream,
  arrivalRatePerS: number,
): Dispatcher {
  switch (spec.policy) {
    case 'even':
    case 'capacity':
    case 'sqrt':
      return new StaticSplitDispatcher(fleet, random, spec.policy, arrivalRatePerS);
    case 'round-robin':
      return new RoundRobinDispatcher(fleet, random, spec.dispatchers ?? 1);
    case 'jsq':
      return new JsqDispatcher(fleet, random);
    case 'snapshot':
      return new SnapshotDispatcher(fleet, random, spec.ageS, spec.dispatchers ?? 1);
    case 'stale-jsq':
      return new StaleJsqDispatcher(fleet, random, spec);
    case 'join-idle-queue':
      return new JoinIdleQueueDispatcher(fleet, random, spec.dispatchers ?? 1);
    case 'session':
      return new SessionDispatcher(fleet, random, spec.session);
    case 'power-of-choices':
      return new PowerOfChoicesDispatcher(fleet, random, spec.choices);
  }
}
