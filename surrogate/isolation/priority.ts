import os from 'node:os';
import { findProgram } from './choose.ts';

/** Steps of niceness: about ten times the weight, as much as the VM's control group has. */
const steps = 10;
let prefix = '';

/**
 * The agent goes before its sandboxes: what it does for a request takes a millisecond, and every tenant waits for it. Needs root; without, all
 * stay as they are.
 */
export function goFirst(): void {
  const nice = findProgram('nice');
  if (nice === null) return;
  try {
    const own = os.getPriority();
    const raised = Math.max(-20, own - steps);
    os.setPriority(raised);
    prefix = `${nice} -n ${own - raised}`;
  } catch {
    // Not allowed.
  }
}

/** What a command is started with so that it does not inherit that. */
export const goAfter = (): string => prefix;
