import { guardOutput } from '../lib/cli/output.ts';
import { runCli } from '../lib/cli/program.ts';

guardOutput();
process.exitCode = await runCli(process.argv.slice(2));
