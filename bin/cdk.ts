import { App } from 'aws-cdk-lib';
import { buildApp, parseDeployment } from '../lib/infra/app.ts';

const context = new App().node;
const replicas = context.tryGetContext('oaas:replicas');
buildApp({
  deployment: parseDeployment(context.tryGetContext('oaas')),
  ...(process.env.CDK_DEFAULT_ACCOUNT === undefined ? {} : { account: process.env.CDK_DEFAULT_ACCOUNT }),
  ...(replicas === undefined ? {} : { replicas: Number(replicas) }),
});
