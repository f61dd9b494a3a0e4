/**
 * Holds an agent's sandboxes (not the agent itself) to the VM's size. A sandbox joins by writing itself into `joinFiles` before it
 * executes anything, so that its preparation is inside the quota too.
 */
export interface CpuHold {
  /** One line: which mechanism, which limits. */
  readonly description: string;
  /** Sets up one slot; answers the `cgroup.procs` files that its processes must join. */
  open(slotIndex: number, limits: SlotLimits): Promise<readonly string[]>;
  /** What the slot's processes are worth where there is not enough CPU: as much as a task, or a small part of one. */
  weigh(slotIndex: number, worth: Worth): void;
  /** Tells which process tree runs in the slot, for mechanisms that act on processes. */
  attach(slotIndex: number, pid: number, limits: SlotLimits): void;
  /** Kills whatever is still alive in the slot; resolves when it is empty. */
  empty(slotIndex: number): Promise<void>;
  /** Removes everything. */
  close(): Promise<void>;
}

export type Worth = 'task' | 'spare';

export interface SlotLimits {
  /** CPU seconds per second. */
  cores: number;
  memoryMiB: number;
  processes: number;
}

export interface HoldOptions {
  /** Names the control group; must be a file name. */
  name: string;
  /** CPU seconds per second of the whole VM. */
  totalCores: number;
  /** Of the VM beside other processes when the machine is busy with them; 100 is an ordinary group's. */
  weight?: number;
}

export const noHold = (description: string): CpuHold => ({
  description,
  open: async () => [],
  weigh: () => {},
  attach: () => {},
  empty: async () => {},
  close: async () => {},
});
