// Runs after `npm ci` (the "prepare" script): makes `npx oaas` inside a clone start this very checkout at once,
// without npm copying the package into its cache first.
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

const launcher = 'bin/oaas.js';
mkdirSync('node_modules/.bin', { recursive: true });
chmodSync(launcher, 0o755);
if (process.platform === 'win32') {
  writeFileSync('node_modules/.bin/oaas.cmd', `@node "%~dp0..\\..\\bin\\oaas.js" %*\r\n`);
} else {
  rmSync('node_modules/.bin/oaas', { force: true });
  symlinkSync(`../../${launcher}`, 'node_modules/.bin/oaas');
}
