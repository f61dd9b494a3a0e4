import type { RunningTask } from '../../lib/ports/contracts/wire.ts';
import type { Sandbox } from '../isolation/sandbox.ts';

/** One accepted request while it waits or runs. */
export interface LiveTask {
  taskId: string;
  requestId: string;
  appId: string;
  method: string;
  arrivedMs: number;
  sandbox: Sandbox | null;
  /** Ends the task with a problem of type `task-killed`. */
  cancel: (detail: string) => void;
}

/** The tasks of this VM, as `npx oaas tasks` and `kill` see them. */
export class TaskTable {
  readonly #vmId: string;
  readonly #tasks = new Map<string, LiveTask>();

  constructor(vmId: string) {
    this.#vmId = vmId;
  }

  add(task: LiveTask): void {
    this.#tasks.set(task.taskId, task);
  }

  remove(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  kill(taskId: string): boolean {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return false;
    task.cancel('an administrator killed it');
    return true;
  }

  list(nowMs: number): RunningTask[] {
    return [...this.#tasks.values()].map((task) => ({
      taskId: task.taskId,
      requestId: task.requestId,
      vmId: this.#vmId,
      appId: task.appId,
      method: task.method,
      state: task.sandbox === null ? 'waiting' : 'running',
      pid: task.sandbox?.pid ?? null,
      ageMs: Math.round(nowMs - task.arrivedMs),
    }));
  }
}
