#!/usr/bin/env node
// Launcher in plain JavaScript so that an old Node gets a sentence instead of a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    `oaas needs Node.js 20 or newer, this is ${process.versions.node}. Install it from https://nodejs.org or with your version manager.\n`,
  );
  process.exit(2);
}
const { register } = await import('tsx/esm/api');
register();
await import('./oaas.ts');
