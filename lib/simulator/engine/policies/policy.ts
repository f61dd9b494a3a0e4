import type { SessionParameters } from '../../../domain/queueing/types.ts';
import type { Fleet } from '../fleet.ts';
import type { UniformStream } from '../rng.ts';
import type { Dispatcher } from './dispatcher.ts';
import { JsqDispatcher } from './jsq.ts';
import { PowerOfChoicesDispatcher, SessionDispatcher } from './sampling.ts';
import { RoundRobinDispatcher, StaticSplitDispatcher } from './static.ts';

/** Every way the simulator can spread requests over a pool. */
export type SimulatedPolicy =
  | { policy: 'even' | 'capacity' | 'sqrt' }
  | { policy: 'round-robin'; dispatchers?: number }
  | { policy: 'jsq' }
  | ({ policy: 'session' } & { session: SessionParameters })
  | { policy: 'power-of-choices'; choices: number };

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
    case 'session':
      return new SessionDispatcher(fleet, random, spec.session.candidates, spec.session.threshold);
    case 'power-of-choices':
      return new PowerOfChoicesDispatcher(fleet, random, spec.choices);
  }
}
