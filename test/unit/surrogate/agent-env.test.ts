import { describe, expect, it } from 'vitest';
import { parseAgentEnv } from '../../../lib/ports/contracts/agent-env.ts';

const least = { OAAS_VM_ID: 'vm-1', OAAS_POOL_ID: 'p', OAAS_REGION: 'eu', OAAS_WORK_DIR: '/tmp/x' };

describe("the agent's environment", () => {
  it('has defaults for everything but its identity and folder', () => {
    expect(parseAgentEnv(least)).toMatchObject({
      ok: true,
      config: { cores: 1, sharingLimit: 4, listenHost: '127.0.0.1', listenPort: 0, exact: false, prewarm: [] },
    });
  });

  it('reports every problem at once, with the value received and without secrets', () => {
    const parsed = parseAgentEnv({
      OAAS_CORES: '-1',
      OAAS_AGENT_TOKEN: 'short',
      OAAS_VM_ID: 'a b',
      OAAS_LISTEN: 'nowhere',
    });
    const text = parsed.ok ? '' : parsed.problems.join('\n');
    for (const part of ['OAAS_CORES', '"-1"', 'OAAS_AGENT_TOKEN', '"a b"', 'OAAS_POOL_ID', 'host:port']) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('short"');
  });

  it('refuses to be open beyond loopback', () => {
    expect(parseAgentEnv({ ...least, OAAS_OPEN: '1' })).toMatchObject({ ok: true, config: { open: true } });
    const parsed = parseAgentEnv({ ...least, OAAS_OPEN: '1', OAAS_LISTEN: '0.0.0.0:8443' });
    expect(parsed.ok ? '' : parsed.problems.join()).toContain('loopback only');
  });
});
