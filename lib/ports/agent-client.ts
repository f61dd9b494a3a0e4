import type { Problem } from './contracts/problem.ts';
import type { RunningTask, TaskRequest, TaskResponse } from './contracts/wire.ts';

/** Address and identity of an agent. */
export interface AgentAddress {
  vmId: string;
  url: string;
  certPem: string;
}

export type TaskOutcome =
  | { ok: true; response: TaskResponse }
  /** `mayHaveRun` false: the agent refused it or never got it, so that another may have it whatever the method. */
  | { ok: false; problem: Problem; mayHaveRun: boolean };

/** Calls agents over TLS pinned to their own certificate: proxy route, drain and debugging. */
export interface AgentClient {
  run(
    agent: AgentAddress,
    ticket: string,
    request: TaskRequest,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<TaskOutcome>;
  listTasks(agent: AgentAddress): Promise<RunningTask[]>;
  killTask(agent: AgentAddress, taskId: string): Promise<'killed' | 'absent'>;
  /** Tells the agent to take no new work; its heartbeat says `drained` when empty. */
  drain(agent: AgentAddress): Promise<void>;
}
