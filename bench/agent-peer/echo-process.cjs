// Answers what it is sent, as it is, with blocking calls; ends with the descriptor.
const { readSync, writeSync } = require('node:fs');
const bytes = Buffer.alloc(65_536);
for (let n = readSync(3, bytes); n > 0; n = readSync(3, bytes)) writeSync(3, bytes, 0, n);
