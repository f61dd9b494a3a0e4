import { App } from 'aws-cdk-lib';
import { alignedStart } from '../lib/domain/scaling/aligned-start.ts';
import { buildAgentFolder } from '../lib/infra/agent-folder.ts';
import { addStacks, parseDeployment } from '../lib/infra/app.ts';
import { bundleHandlers } from '../lib/infra/bundle-handlers.ts';

// One after the other: building the agent ends the compiler's service.
await bundleHandlers();
const agentFolder = await buildAgentFolder(process.env.OAAS_JAVA_TOOLS);
const app = new App();
const context = (name: string): unknown => app.node.tryGetContext(name);
// `oaas deploy --config FILE` passes it as text.
const given = context('oaas');
const deployment = parseDeployment(typeof given === 'string' ? JSON.parse(given) : given);
const replicas = context('oaas:replicas');
// `oaas deploy` keeps the first start in cdk.context.json, so that a second deployment changes nothing.
const start = context('oaas:scheduleStart');
addStacks(app, {
  deployment,
  agentFolder,
  scheduleStart:
    typeof start === 'string'
      ? new Date(start)
      : alignedStart(new Date(Date.now() + 15 * 60_000), deployment.slotMinutes, deployment.bootLeadS),
  ...(process.env.CDK_DEFAULT_ACCOUNT === undefined ? {} : { account: process.env.CDK_DEFAULT_ACCOUNT }),
  ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
});
