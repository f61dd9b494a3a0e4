import { runCli } from '../lib/cli/program.ts';

// `oaas ... | head`: the reader has seen enough, which is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2));
