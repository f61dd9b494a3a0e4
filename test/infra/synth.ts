import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addStacks, parseDeployment } from '../../lib/infra/app.ts';

export const europe = { id: 'europe', homeRegion: 'eu-central-1', timeZone: 'Europe/Berlin', dataCentres: ['eu-central-1', 'eu-north-1'] };
export const northAmerica = { id: 'north-america', homeRegion: 'us-east-1', timeZone: 'America/New_York', dataCentres: ['us-east-1', 'us-east-2'] };
export const eastAsia = { id: 'east-asia', homeRegion: 'ap-northeast-1', timeZone: 'Asia/Tokyo', dataCentres: ['ap-northeast-1'] };

/** Synthesizes in process, without bundling the functions' code. */
export function synth(geographies: readonly object[], more: object = {}): { app: App; template: (id: string) => Template; stacks: Stack[] } {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  addStacks(app, { deployment: parseDeployment({ geographies, ...more }), account: '123456789012', scheduleStart: new Date('2026-01-01T00:08:30Z') });
  const stacks = app.node.children as Stack[];
  return { app, stacks, template: (id) => Template.fromStack(app.node.findChild(id) as Stack) };
}
