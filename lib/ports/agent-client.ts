import type { Problem } from './contracts/problem.ts';
import type { RunningTask, TaskRequest, TaskResponse } from './contracts/wire.ts';

/** Address and identity of an agent. */
export interface AgentAddress {
  vmId: string;
  url: string;
  certPem: string;
}

export type TaskOutcome = { ok: true; response: TaskResponse } | { ok: false; problem: Problem };

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
