/** `oaas sla|group|app put|get|list|rm`: rows of the configuration table; a change takes effect without restart. */
import type { Command } from 'commander';
import { z } from 'zod';
import { type ConfigKind, configSchemas } from '../ports/contracts/config.ts';
import { paths } from '../ports/contracts/wire.ts';
import { badInput, CliError } from './errors.ts';
import { readDocument, table, writeJson, writeLine } from './io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from './operator.ts';

type Row = Record<string, unknown>;

export interface ConfigCommands {
  kind: ConfigKind;
  description: string;
  /** Header and cells of `list`. */
  columns: readonly string[];
  cells(row: Row): string[];
  /** Adds flags to `put`, and says what they change of a document. */
  putOptions(command: Command): Command;
  changes(options: Row): Row;
  /** What follows from a change beside the row itself; null: nothing. */
  consequence?(before: Row, after: Row): string | null;
  putHelp: string;
}

const itemsSchema = z.object({ items: z.array(z.looseObject({ id: z.string() })) });

/** Adds `list`, `get` and `rm` below a command of its own, which is returned. */
export function addConfigCommand(
  program: Command,
  config: Pick<ConfigCommands, 'kind' | 'description' | 'columns' | 'cells'>,
): Command {
  const { kind } = config;
  const command = program.command(kind).description(config.description);
  operatorOptions(command.command('list'))
    .description(`every ${kind}`)
    .action(async (options: OperatorOptions) => {
      const operator = await findOperator(options);
      const { items } = await operator.get(operator.first, paths.config(kind), itemsSchema);
      if (options.json) return writeJson(items);
      if (items.length === 0) return writeLine(`there is no ${kind} yet; add one with: npx oaas ${kind} put`);
      writeLine(
        table(
          config.columns,
          items.map((item) => cellsOf(config, item)),
        ),
      );
    });
  operatorOptions(command.command('get <id>'))
    .description(`one ${kind}, as JSON`)
    .action(async (id: string, options: OperatorOptions) => {
      const operator = await findOperator(options);
      writeJson(await operator.get(operator.first, paths.config(kind, id), z.unknown()));
    });
  operatorOptions(command.command('rm <id>'))
    .description(`remove ${kind === 'group' ? 'a' : 'an'} ${kind}`)
    .action(async (id: string, options: OperatorOptions) => {
      const operator = await findOperator(options);
      await operator.send(operator.first, 'DELETE', paths.config(kind, id));
      if (options.json) writeJson({ removed: id });
      else writeLine(`${kind} ${id} removed`);
    });
  return command;
}

function cellsOf({ kind, columns, cells }: Pick<ConfigCommands, 'kind' | 'columns' | 'cells'>, row: Row): string[] {
  if (configSchemas[kind].safeParse(row).success) return cells(row);
  // Another client wrote it; `oaas status` says what is wrong and what is in force instead.
  return columns.map((_, i) => ([String(row.id), 'invalid'] as const)[i] ?? '');
}

/** Adds `put` for documents: from flags over what is stored (or the defaults), or whole from `--file`. */
export function addPutDocument(command: Command, config: ConfigCommands): void {
  const { kind } = config;
  config
    .putOptions(operatorOptions(command.command('put [id]')))
    .description(`create or change a ${kind}: flags change what is stored, --file replaces it`)
    .option('--file <file>', 'the whole document, JSON; "-" reads standard input')
    .addHelpText('after', config.putHelp)
    .action(async (id: string | undefined, options: OperatorOptions & Row & { file?: string }) => {
      const operator = await findOperator(options);
      const given =
        options.file === undefined
          ? null
          : await readDocument(z.looseObject({ id: z.string() }), { file: options.file });
      if (given === null && id === undefined)
        throw new CliError(`name the ${kind}, or pass --file FILE; see npx oaas ${kind} put --help`, 2);
      if (given !== null && id !== undefined && id !== given.id)
        throw badInput(`${options.file} holds the ${kind} "${given.id}", not "${id}": correct one of the two names`);
      if (given !== null && Object.keys(config.changes(options)).length > 0)
        throw badInput(`--file is the whole ${kind}: write the change into ${options.file}, or pass flags without it`);
      const { items } = await operator.get(operator.first, paths.config(kind), itemsSchema);
      const stored: Row | undefined = items.find((item) => item.id === (given?.id ?? id));
      const document: Row = given ?? changed(config, stored ?? { id }, options);
      const { body } = await operator.send(operator.first, 'PUT', paths.config(kind, String(document.id)), document);
      if (options.json) writeJson(body);
      else {
        writeLine(`${kind} ${String(document.id)} is in force within a second`);
        const more = stored && config.consequence?.(withDefaults(kind, stored), withDefaults(kind, document));
        if (more) writeLine(more);
      }
    });
}

function changed(config: ConfigCommands, stored: Row, options: Row): Row {
  const changes = config.changes(options);
  if (Object.keys(changes).length === 0) {
    throw new CliError(`nothing to change: pass flags or --file FILE; see npx oaas ${config.kind} put --help`, 2);
  }
  return merge(stored, changes);
}

/** Nested objects are merged, everything else is replaced. */
function merge(stored: Row, changes: Row): Row {
  const result = { ...stored };
  for (const [key, value] of Object.entries(changes)) {
    const old = result[key];
    result[key] = isObject(value) && isObject(old) ? merge(old, value) : value;
  }
  return result;
}

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keeps only what was given. */
export function given(changes: Row): Row {
  return Object.fromEntries(
    Object.entries(changes).flatMap(([key, value]) => {
      if (value === undefined) return [];
      if (!isObject(value)) return [[key, value]];
      const inner = given(value);
      return Object.keys(inner).length > 0 ? [[key, inner]] : [];
    }),
  );
}

/** Defaults of a kind's schema applied, for showing rows that another client wrote sparsely. */
export function withDefaults(kind: ConfigKind, row: Row): Row {
  const parsed = configSchemas[kind].safeParse(row);
  return parsed.success ? { ...parsed.data } : row;
}
