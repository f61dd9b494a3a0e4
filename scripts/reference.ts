/**
 * Writes docs/reference from the schemas, the OpenAPI document and the command line themselves:
 * `node --import tsx scripts/reference.ts` (`--check` writes nothing and fails when a page is not current).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { openApiDocument } from '../lib/app/http/openapi.ts';
import { schemaLoaders } from '../lib/cli/commands/schema.ts';
import { commandLoaders } from '../lib/cli/commands.ts';
import { groupSchema, manifestSchema, slaSchema } from '../lib/ports/contracts/config.ts';

interface JsonSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  pattern?: string;
}

const made = '<!-- Made by scripts/reference.ts from the code: change it there. -->';
const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const schemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

/** What a value may be, in words. */
function kind(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  const any = schema.anyOf ?? schema.oneOf;
  if (any) return any.map(kind).join(' or ');
  if (schema.type === 'array') return `list of ${kind(schema.items ?? {})}`;
  if (schema.type === 'number' || schema.type === 'integer') return [schema.type, range(schema)].join(' ').trim();
  if (schema.properties) return `{${Object.keys(schema.properties).join(', ')}}`;
  return [schema.type ?? 'any JSON'].flat().join(' or ');
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const safe = (n: number | undefined): n is number => n !== undefined && Math.abs(n) < Number.MAX_SAFE_INTEGER;
  return [
    exclusiveMinimum === undefined ? '' : `> ${exclusiveMinimum}`,
    safe(minimum) ? `≥ ${minimum}` : '',
    exclusiveMaximum === undefined ? '' : `< ${exclusiveMaximum}`,
    safe(maximum) ? `≤ ${maximum}` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** One row per field, those of objects within as `outer.inner`. */
function fields(schema: JsonSchema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    if (field.properties) return fields(field, `${path}.`);
    if (typeof field.additionalProperties === 'object' && field.additionalProperties.properties) {
      return fields(field.additionalProperties, `${path}.*.`);
    }
    const inner = field.type === 'array' ? (field.items ?? {}) : {};
    const parts = [inner, ...(inner.oneOf ?? [])].flatMap((item) => fields(item, `${path}[].`));
    const initial = field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``;
    const absent = schema.required?.includes(name) ? 'required' : initial;
    return [[`\`${path}\``, kind(field), absent, field.description ?? ''], ...parts];
  });
}

function configuration(): string {
  const part = (title: string, text: string, schema: z.ZodType): string =>
    `## ${title}\n\n${text}\n\n${table(['field', 'value', 'default', 'meaning'], fields(schemaOf(schema)))}\n`;
  return [
    `${made}\n\n# SLAs, VM-type groups and apps\n`,
    'Rows of the configuration table, changed by `npx oaas sla put`, `npx oaas group put` and `npx oaas app put` (or the routes of the',
    '[HTTP API](http-api.md)) without restart. A row that does not follow its schema is reported, and the last good one stays in force.\n',
    part('SLA', 'A response-time agreement: indicator, target and window.', slaSchema),
    part('VM-type group', 'What may be rented for which apps, and how their requests are spread.', groupSchema),
    part(
      'App manifest, `oaas.json`',
      'At the root of an app’s bundle; see [writing an app](../apps.md).',
      manifestSchema,
    ),
  ].join('\n');
}

interface OpenApi {
  paths: Record<string, Record<string, OpenApiOperation>>;
}
interface OpenApiOperation {
  summary: string;
  description: string;
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}

function httpApi(): string {
  const { paths } = openApiDocument() as { paths: OpenApi['paths'] };
  const body = (title: string, content: Record<string, { schema: JsonSchema }> | undefined): string => {
    const [type, media] = Object.entries(content ?? {})[0] ?? [];
    if (type === undefined || media === undefined) return '';
    const alternatives = media.schema.oneOf ?? media.schema.anyOf ?? [media.schema];
    const tables = alternatives
      .map((schema) => fields(schema))
      .filter((rows) => rows.length > 0)
      .map((rows) => table(['field', 'value', 'default', 'meaning'], rows));
    return `${title} (\`${type}\`)${tables.length === 0 ? '.' : `:\n\n${tables.join('\n\nor\n\n')}`}\n`;
  };
  const query = ({ parameters = [] }: OpenApiOperation): string => {
    const rows = parameters.flatMap((p) => (p.in === 'query' ? [[`\`${p.name}\``, p.description ?? '']] : []));
    return rows.length === 0 ? '' : `Query:\n\n${table(['parameter', 'meaning'], rows)}\n`;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const done = Object.entries(operation.responses).find(([status]) => status !== 'default');
      return [
        `## ${method.toUpperCase()} ${path}\n`,
        `${operation.summary}. ${operation.description}\n`,
        query(operation),
        body('Request', operation.requestBody?.content),
        body(`Answer ${done?.[0] ?? ''}`, done?.[1].content),
      ].join('\n');
    }),
  );
  return [
    `${made}\n\n# HTTP API of a regional endpoint\n`,
    'The same as `GET /v1/openapi.json` of any running endpoint. Keys travel as `Authorization: Bearer KEY`; on AWS the routes of scope admin take',
    'IAM-signed requests instead. Every other answer is a problem document: see [errors](../errors.md).\n',
    ...operations,
  ].join('\n');
}

async function commandLine(): Promise<string> {
  const program = new Command('oaas');
  for (const { load } of commandLoaders) (await load()).register(program);
  const section = (command: Command, path: string): string[] => {
    const usage = `npx ${path} ${command.usage()}`.trim();
    const options = command.options.map((option) => [
      `\`${option.flags}\``,
      option.description,
      option.defaultValue === undefined ? '' : `\`${String(option.defaultValue)}\``,
    ]);
    const text = [
      `## ${path}\n`,
      `${command.description()}\n`,
      command.commands.length > 0 ? '' : `\`${usage}\`\n`,
      options.length === 0 ? '' : `${table(['option', 'meaning', 'default'], options)}\n`,
    ].join('\n');
    return [text, ...command.commands.flatMap((sub) => section(sub, `${path} ${sub.name()}`))];
  };
  return [
    `${made}\n\n# Every command\n`,
    'Overview, where commands find their system and exit codes: [the command line](../cli.md).\n',
    ...program.commands.flatMap((command) => section(command, `oaas ${command.name()}`)),
  ].join('\n');
}

async function jsonOutput(): Promise<string> {
  const sections: string[] = [];
  for (const [name, load] of Object.entries(schemaLoaders)) {
    const { output } = await load();
    const schema = z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }) as JsonSchema;
    const list = schema.type === 'array' ? schema.items : undefined;
    const rows = list ? fields(list, '[].') : fields(schema);
    const text =
      rows.length === 0
        ? `\`npx oaas schema ${name} --output\` has its form.`
        : `${table(['field', 'value', 'default', 'meaning'], rows)}`;
    sections.push(`## ${name}\n\n${text}\n`);
  }
  return [
    `${made}\n\n# What commands write with \`--json\`\n`,
    'As JSON Schema: `npx oaas schema NAME --output`. Fields are added within a major version, never renamed or removed; tests hold the commands to it.',
    '`backtest` is `oaas forecast --backtest`, `live-plan` is `oaas plan --live`, `experiments` is `oaas experiment list`.\n',
    ...sections,
  ].join('\n');
}

/** Pages by file name. */
export async function referencePages(): Promise<Record<string, string>> {
  const pages = {
    'configuration.md': configuration(),
    'http-api.md': httpApi(),
    'commands.md': await commandLine(),
    'json-output.md': await jsonOutput(),
  };
  return Object.fromEntries(
    Object.entries(pages).map(([name, text]) => [name, `${text.replace(/\n{3,}/g, '\n\n').trim()}\n`]),
  );
}

export const referenceFolder = fileURLToPath(new URL('../docs/reference/', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pages = await referencePages();
  mkdirSync(referenceFolder, { recursive: true });
  for (const [name, text] of Object.entries(pages)) {
    if (!process.argv.includes('--check')) writeFileSync(`${referenceFolder}${name}`, text);
    else if (readFileSync(`${referenceFolder}${name}`, 'utf8') !== text) {
      process.stderr.write(`docs/reference/${name} is not current: run node --import tsx scripts/reference.ts\n`);
      process.exitCode = 1;
    }
  }
}
