import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import planSchema from '../../docs/plan.schema.json';
import { isObject } from '../../src/base/json.ts';
import type { TypedLine } from '../../src/cli/language/command.ts';
import { isRecord, type JsonSchema } from '../../src/cli/language/shape.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { errorsSchema, outputOf, waitEvents } from '../../src/features/schema/schema.ts';

// Thousands of runs share it: `schema.test.ts` checks the schemas themselves.
const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, code: { optimize: false } });
/** Compiled schemas by command; undefined for what prints no JSON. */
const compiled = new Map<string, ValidateFunction | undefined>();

async function check(name: string, schema: () => JsonSchema | null | Promise<JsonSchema | null>): Promise<ValidateFunction | undefined> {
  if (!compiled.has(name)) {
    const found = await schema();
    compiled.set(name, found ? ajv.compile(found) : undefined);
  }
  return compiled.get(name);
}

interface Printout {
  readonly stdout: string;
  readonly stderr: string;
  /** The API does not keep to its reference, so its records may have any form. */
  readonly lies?: boolean | undefined;
}

/** Throws if what a run printed as JSON is not as `dnx schema` says. */
export async function validateOutput(argv: readonly string[], { stdout, stderr, lies = false }: Printout): Promise<void> {
  // --json overrides -o.
  const lines = argv.includes('ndjson') && !argv.includes('--json');
  if (!lines && !argv.includes('--json') && !argv.includes('json')) return;
  for (const line of stderr.split('\n').filter((each) => each.startsWith('{"error":')))
    mustMatch(await check('errors', () => errorsSchema().schema), JSON.parse(line), 'The error');
  if (stdout === '') return;
  const { line } = await parse(argv, tree);
  if (!line || line.globals.fields || line.globals.query !== undefined) return;
  if (lines) for (const printed of stdout.split('\n').filter(Boolean)) await validateLine(line, parsed(printed), lies);
  else mustMatch(await checkOf(line, lies), parsed(stdout), argv.join(' '));
}

/** Undefined for what is no JSON, such as a dump that was sent to stdout. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkOf({ group, command, dryRun, options }: TypedLine, lies: boolean): Promise<ValidateFunction | undefined> {
  const path = [group.name, command.name].filter(Boolean).join(' ');
  if (dryRun.wanted || (/^((un|re)do|apply)$/.test(path) && options.dry_run && !isPlanFile(options.plan)))
    return check('plan', () => planSchema);
  const output = async (change: Change) => withRecords(await outputOf(command), change);
  if (lies) return check(`${path} of any records`, () => output(() => ({})));
  // Many tests have records with the few fields that they are about.
  return check(path, () => output(({ required: _, ...record }) => record));
}

/** `dnx apply plan.json --dry-run` only compares. */
const isPlanFile = (files: unknown): boolean => Array.isArray(files) && files.some((file) => /\.json$/.test(file));

type Change = (record: JsonSchema) => JsonSchema;

/** A schema with other records of the API. What dnx composes stays as it is. */
export function withRecords<T>(schema: T, change: Change): T {
  if (Array.isArray(schema)) return schema.map((part) => withRecords(part, change)) as T;
  if (!isObject(schema)) return schema;
  if (schema.type === 'object' && 'properties' in schema && isRecord(schema)) return change(schema) as T;
  return Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, withRecords(part, change)])) as T;
}

/** An event of a wait, its result, or an item of a list. */
async function validateLine(line: TypedLine, value: unknown, lies: boolean): Promise<void> {
  const { type, data, ...result } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isEvent = ['status', 'heartbeat', 'fault'].includes(String(type)) && 'elapsed_s' in result;
  if (isEvent) {
    mustMatch(await check('events', () => waitEvents), value, 'The event');
    return;
  }
  const item = type === 'result' ? (data ?? result) : value;
  const valid = await checkOf(line, lies);
  if (!valid?.([item])) mustMatch(valid, item, line.path);
}

function mustMatch(valid: ValidateFunction | undefined, value: unknown, what: string): void {
  if (!valid || value === undefined || valid(value)) return;
  throw new Error(`${what} does not match dnx schema: ${ajv.errorsText(valid.errors)}\n${JSON.stringify(value).slice(0, 500)}`);
}
