import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { addStacks, parseDeployment } from '../../lib/infra/app.ts';

export const europe = {
  id: 'europe',
  home: 'eu-central-1',
  timeZone: 'Europe/Berlin',
  dataCentres: [
    { id: 'eu-central-1', networkMs: 0 },
    { id: 'eu-north-1', networkMs: 20 },
  ],
};
export const northAmerica = {
  id: 'north-america',
  home: 'us-east-1',
  timeZone: 'America/New_York',
  dataCentres: [
    { id: 'us-east-1', networkMs: 0 },
    { id: 'us-east-2', networkMs: 20 },
  ],
};
export const eastAsia = {
  id: 'east-asia',
  home: 'ap-northeast-1',
  timeZone: 'Asia/Tokyo',
  dataCentres: [{ id: 'ap-northeast-1', networkMs: 0 }],
};

/** Synthesizes in process, without bundling the functions' code. */
export function synth(
  geographies: readonly object[],
  more: object = {},
  replicas?: number,
): { app: App; template: (id: string) => Template; stacks: Stack[] } {
  const app = new App({
    context: { 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:validateAgainstDefaultRules': false },
  });
  addStacks(app, {
    deployment: parseDeployment({ geographies, ...more }),
    account: '123456789012',
    agentFolder: bootFiles,
    ...(replicas === undefined ? {} : { replicas }),
    scheduleStart: new Date('2026-01-01T00:08:30Z'),
  });
  const stacks = app.node.children as Stack[];
  return { app, stacks, template: (id) => Template.fromStack(app.node.findChild(id) as Stack) };
}
