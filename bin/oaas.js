#!/usr/bin/env node
// Launcher in plain JavaScript, without top-level await, so that an old Node gets a sentence instead of a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  process.stderr.write(
    `oaas needs Node.js 20 or newer, this is ${process.versions.node}. Install it from https://nodejs.org or with your version manager.\n`,
  );
  process.exit(2);
}
import('tsx/esm/api')
  .catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write('oaas: its packages are not installed: run `npm ci` in its folder first.\n');
    process.exit(2);
  })
  .then(({ register }) => {
    register();
    return import('./oaas.ts');
  });
