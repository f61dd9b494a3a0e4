import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { sendBundle } from '../../../sdk/typescript/src/register.ts';
import { openBundle } from '../../app/bundles/bundle.ts';
import { packDirectory } from '../../app/bundles/directory.ts';
import { appSchema } from '../../ports/contracts/config.ts';
import { addConfigCommand } from '../config-commands.ts';
import { badInput, CliError } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from '../operator.ts';

/** `oaas app`: bundles of code that devices may offload to. */
export function register(program: Command): void {
  const command = addConfigCommand(program, {
    kind: 'app',
    description: 'apps: bundles of code with a manifest (oaas.json) that devices may offload',
    columns: ['app', 'version', 'runtime', 'methods', 'memory', 'sla', 'digest'],
    cells(row) {
      const { id, manifest, digest } = appSchema.parse(row);
      return [
        id,
        manifest.version,
        manifest.runtime,
        shorten(Object.keys(manifest.methods).join(','), 24),
        `${manifest.requirements.memoryMiB} MiB`,
        manifest.slaId ?? 'default',
        digest.slice(0, 8),
      ];
    },
  });
  operatorOptions(command.command('put <folder-or-zip>'))
    .description('register an app from a folder or a zip with oaas.json at its root')
    .addHelpText(
      'after',
      `
Examples:
  $ npx oaas app put ./my-app
  $ npx oaas app put my-app.zip --json
docs/apps.md shows a template.`,
    )
    .action(async (path: string, options: OperatorOptions) => {
      const zip = await bundleOf(path);
      const operator = await findOperator(options);
      const body = await sendBundle(
        zip,
        async (path, content) => (await operator.send(operator.first, 'POST', path, content)).body,
      ).catch((error: Error) => {
        throw error instanceof CliError ? error : new CliError(error.message, 1, { cause: error });
      });
      if (options.json) return writeJson(body);
      const app = appSchema.parse(body);
      const methods = Object.keys(app.manifest.methods).join(', ');
      writeLine(
        `app ${app.id} ${app.manifest.version} registered (${app.bundleBytes} bytes, ${app.digest.slice(0, 12)})`,
      );
      writeLine(`methods: ${methods}; try: npx oaas run ${app.id} ${Object.keys(app.manifest.methods)[0]}`);
    });
}

/** The bundle's bytes, checked here already so that mistakes are named before anything is sent. */
async function bundleOf(path: string): Promise<Uint8Array> {
  const info = await stat(path).catch((cause: Error) => {
    throw badInput(`cannot read ${path}: ${cause.message}`, cause);
  });
  const zip = info.isDirectory() ? (await packDirectory(path)).zip : new Uint8Array(await readFile(path));
  const opened = await openBundle(zip);
  if (opened.ok) return zip;
  throw badInput(`${path} is not an app bundle:\n${opened.problems.map((p) => `  ${p}`).join('\n')}`);
}

const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 3)}...` : text;
