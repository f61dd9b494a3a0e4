import type { AgentAddress, AgentClient } from '../ports/agent-client.ts';
import type { Clock } from '../ports/clock.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import type { RunningTask } from '../ports/contracts/wire.ts';
import type { StateStore } from '../ports/state-store.ts';
import { silentAfterMs } from './pool-view.ts';
import { problem } from './problem.ts';
import { show } from './validation.ts';

export interface AgentTasksDependencies {
  store: Pick<StateStore, 'listVms' | 'getHeartbeats'>;
  agents: AgentClient;
  clock: Clock;
}

/** Every task of the region, and the VMs that did not answer. */
export async function listTasks(deps: AgentTasksDependencies): Promise<{ tasks: RunningTask[]; silent: string[] }> {
  const agents = await liveAgents(deps);
  const answers = await Promise.all(agents.map((agent) => deps.agents.listTasks(agent).catch(() => agent.vmId)));
  return {
    tasks: answers.flatMap((answer) => (typeof answer === 'string' ? [] : answer)),
    silent: answers.filter((answer) => typeof answer === 'string'),
  };
}

/** Kills a task and its process tree, on whichever VM it is. */
export async function killTask(
  deps: AgentTasksDependencies,
  taskId: string,
): Promise<{ ok: true } | { ok: false; problem: Problem }> {
  const agents = await liveAgents(deps);
  const answers = await Promise.all(
    agents.map((agent) => deps.agents.killTask(agent, taskId).catch(() => 'silent' as const)),
  );
  if (answers.includes('killed')) return { ok: true };
  const silent = answers.filter((answer) => answer === 'silent').length;
  const unsure = silent > 0 ? `; ${silent} of ${agents.length} VMs did not answer` : '';
  return {
    ok: false,
    problem: problem('unknown-task', `no VM runs task ${show(taskId)}${unsure}; list them with GET /v1/tasks`),
  };
}

async function liveAgents(deps: AgentTasksDependencies): Promise<AgentAddress[]> {
  const vms = await deps.store.listVms();
  const alive = vms.filter((vm) => vm.state !== 'terminated').map((vm) => vm.vmId);
  const nowMs = deps.clock.nowMs();
  return [...(await deps.store.getHeartbeats(alive)).values()]
    .filter((heartbeat) => nowMs - heartbeat.atMs <= silentAfterMs)
    .map(({ vmId, url, certPem }) => ({ vmId, url, certPem }));
}
