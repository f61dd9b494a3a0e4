import { describe, expect, it } from 'vitest';
import { problem } from '../../../lib/app/problem.ts';
import type { AgentClient, TaskOutcome } from '../../../lib/ports/agent-client.ts';
import type { ProblemType } from '../../../lib/ports/contracts/problem.ts';
import { createTestRegion, keys } from '../../support/test-region.ts';

const task = { requestId: 'q1', args: { type: 'application/json', json: [1] } };
const timings = { queueMs: 1, cloudMs: 20, totalMs: 30, cpuMs: 15, prepCpuMs: 5, handoffMs: 0 };

/** `refused-connection`: nobody listens there any more, so that nothing was sent. */
function answers(...plan: (ProblemType | 'result' | 'refused-connection')[]) {
  const calls: string[] = [];
  const run: AgentClient['run'] = async (agent): Promise<TaskOutcome> => {
    const step = plan[calls.length] ?? 'result';
    calls.push(agent.vmId);
    if (step === 'result') {
      return {
        ok: true,
        response: {
          requestId: 'q1',
          taskId: 't1',
          vmId: agent.vmId,
          hops: [],
          result: { type: 'application/json', json: 42 },
          timings,
        },
      };
    }
    if (step === 'refused-connection') {
      return { ok: false, problem: problem('surrogate-lost', 'nobody listens'), mayHaveRun: false };
    }
    const mayHaveRun = step === 'surrogate-lost' || step === 'task-failed' || step === 'deadline-exceeded';
    return { ok: false, problem: problem(step, 'from the agent'), mayHaveRun };
  };
  return { calls, run };
}

async function regionOf(agent: ReturnType<typeof answers>, vms: number, group: Record<string, unknown> = {}) {
  const region = await createTestRegion({
    group: { dispatch: { mode: 'exact' }, ...group },
    agents: { run: agent.run },
  });
  for (let i = 1; i <= vms; i++) await region.addVm({ vmId: `vm-${i}` });
  return region;
}

async function invoke(agent: ReturnType<typeof answers>, method: string, vms = 3) {
  const region = await regionOf(agent, vms);
  return region.call('POST', '/v1/invocations', { json: { appId: 'demo', method, ...task } });
}

describe('proxy route', () => {
  it('answers with the result and the split of the time', async () => {
    const agent = answers('result');
    const answer = await invoke(agent, 'run');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ result: { json: 42 }, poolId: 'r1.small.default', timings });
    expect(answer.body.t2Ms).toBeGreaterThanOrEqual(0);
    expect(agent.calls.length).toBe(1);
  });

  it('goes to the next candidate when one refuses, whatever the method', async () => {
    const agent = answers('saturated', 'draining', 'result');
    expect((await invoke(agent, 'run')).status).toBe(200);
    expect(new Set(agent.calls).size).toBe(3);
  });

  it('runs nothing twice: a surrogate lost on the way ends a method that is not idempotent', async () => {
    const agent = answers('surrogate-lost', 'result');
    const answer = await invoke(agent, 'run');
    expect(answer).toMatchObject({ status: 502, body: { detail: 'from the agent' } });
    expect(agent.calls.length).toBe(1);
  });

  it('tries an idempotent method again elsewhere', async () => {
    const agent = answers('surrogate-lost', 'result');
    expect((await invoke(agent, 'again')).status).toBe(200);
    expect(new Set(agent.calls).size).toBe(2);
  });

  it.each(['task-failed', 'deadline-exceeded'] as const)('hands on %s as it is, even if idempotent', async (type) => {
    const agent = answers(type, 'result');
    expect((await invoke(agent, 'again')).body.type).toMatch(new RegExp(`${type}$`));
    expect(agent.calls.length).toBe(1);
  });

  it.each(['draining', 'refused-connection'] as const)(
    'is placed again, on others, when all are gone: %s',
    async (end) => {
      const agent = answers(end, end, end, 'result');
      expect((await invoke(agent, 'run', 5)).status).toBe(200);
      expect(new Set(agent.calls).size).toBe(4);
    },
  );

  it('is one arrival and one request of the quota, however often it is placed', async () => {
    const agent = answers('draining', 'draining', 'draining', 'result');
    const region = await regionOf(agent, 5, { quotaPerPrincipalPerS: 1 });
    const json = { appId: 'demo', method: 'run', ...task };
    expect((await region.call('POST', '/v1/invocations', { json })).status).toBe(200);
    await region.control.flush();
    expect(region.memory.arrivals).toMatchObject([{ count: 1, refused: 0 }]);
  });

  it('is not tried on for a caller who has gone', async () => {
    const away = new AbortController();
    const agent = answers(...Array<'draining'>(9).fill('draining'));
    const run: AgentClient['run'] = (...call) => {
      away.abort();
      return agent.run(...call);
    };
    const region = await regionOf({ ...agent, run }, 5);
    await region.control.http.request('/v1/invocations', {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.device}`, 'content-type': 'application/json' },
      body: JSON.stringify({ appId: 'demo', method: 'run', ...task }),
      signal: away.signal,
    });
    expect(agent.calls.length).toBe(1);
  });

  it('says when to come back once nobody is left', async () => {
    const agent = answers('draining', 'refused-connection', 'draining');
    const answer = await invoke(agent, 'run');
    expect(answer).toMatchObject({ status: 503, body: { retryAfterMs: expect.any(Number) } });
    expect(answer.body.type).toMatch(/no-capacity$/);
    expect(agent.calls.length).toBe(3);
  });

  it('is not placed for ever', async () => {
    const agent = answers(...Array<'draining'>(30).fill('draining'));
    const answer = await invoke(agent, 'run', 20);
    expect(answer.body.type).toMatch(/draining$/);
    expect(new Set(agent.calls).size).toBe(9);
  });

  it('ends with the last refusal when every candidate refuses', async () => {
    const agent = answers('saturated', 'saturated', 'saturated');
    expect((await invoke(agent, 'run', 5)).status).toBe(429);
    expect(agent.calls.length).toBe(3);
  });
});

describe('tasks of the region', () => {
  it('are listed over all VMs, naming those that do not answer, and killed wherever they are', async () => {
    const region = await createTestRegion({
      agents: {
        async listTasks(agent) {
          if (agent.vmId === 'vm-2') throw new Error('gone');
          return [
            {
              taskId: 't1',
              requestId: 'q',
              vmId: agent.vmId,
              appId: 'demo',
              method: 'run',
              state: 'running',
              pid: 7,
              ageMs: 5,
            },
          ];
        },
        killTask: async (agent) => (agent.vmId === 'vm-1' ? 'killed' : 'absent'),
      },
    });
    await region.addVm();
    await region.addVm({ vmId: 'vm-2' });
    expect((await region.call('GET', '/v1/tasks', { key: 'admin' })).body).toMatchObject({
      tasks: [{ taskId: 't1', vmId: 'vm-1' }],
      silent: ['vm-2'],
    });
    expect(await region.call('DELETE', '/v1/tasks/t1', { key: 'admin' })).toMatchObject({
      status: 200,
      body: { killed: 't1' },
    });
  });
});
