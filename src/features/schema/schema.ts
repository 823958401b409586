import planSchema from '../../../docs/plan.schema.json';
import { type ErrorCode, errorReasons, exits, humanCodes } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import { version as release } from '../../base/version.ts';
import { conditionsIn } from '../../cli/language/calls.ts';
import type { AnyCommand, Context, Tree } from '../../cli/language/command.ts';
import { effectOf, effectsWithOptions } from '../../cli/language/effect.ts';
import { globals } from '../../cli/language/globals.ts';
import type { Effect, Option, Options } from '../../cli/language/options.ts';
import {
  either,
  errorFields,
  item,
  type JsonSchema,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  type Printed,
  severalOf,
  withDialect,
  word,
  words,
  yes,
} from '../../cli/language/shape.ts';
import { optionsOf, positionalsOf } from '../../cli/language/signature.ts';
import { consentLevel, everyCommand, type Leaf, mayChange, namesOf } from '../../cli/language/tree.ts';
import { columns, data, rows } from '../../cli/output/view.ts';
import { needsIn } from '../../cli/run/help/command.ts';
import { parse } from '../../cli/run/parse.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { needOf } from '../../platform/operations.ts';
import { type KnownField, sentFields, withoutOption } from './endpoints.ts';

/** `dnx schema`: a list of commands, one command, or the errors. */
export async function schemaView({ tree, settings }: Context, words: readonly string[], all: boolean) {
  if (words.length === 1 && words[0] === 'errors') return data({ version: SCHEMA_VERSION, ...errorsSchema() });
  const leaves = await everyCommand(tree);
  if (all) {
    const commands = await Promise.all(leaves.map((leaf) => commandSchema(leaf, tree)));
    return data({
      version: SCHEMA_VERSION,
      dnx: release,
      options: optionSchemas(globals),
      commands,
      plan: planSchema,
      errors: errorsSchema(),
    });
  }
  const { line, error } = words.length > 0 ? await parse(words, tree) : {};
  if (error !== undefined) throw error;
  const leaf = leaves.find(({ command }) => command === line?.command);
  if (leaf) return data(await commandSchema(leaf, tree));
  const group = tree.contents.find((group) => namesOf(group).includes(words[0] ?? ''));
  const commands = leaves.filter((entry) => !group || entry.group.name === group.name).map(shortSchema);
  if (settings.format === 'json' || settings.format === 'yaml') return data({ version: SCHEMA_VERSION, dnx: release, commands });
  return rows(commands, columns<ShortSchema>('name', 'effect', { key: 'summary', wrap: true }), '');
}

const shortSchema = ({ path, command }: Leaf): ShortSchema => ({ name: path, effect: effectOf(command), summary: command.summary });

/** The JSON Schema of what a command prints with `--json`; null if it prints what a program says, or nothing. */
export async function outputOf({ prints, targets }: AnyCommand): Promise<JsonSchema | null> {
  if (!prints) return null;
  const printed = await prints();
  return targets === 'each' ? severalOf(printed) : printed;
}

/** What a wait prints with `-o ndjson` before its result, and the result. */
export const waitEvents = either(
  objectOf({ type: oneOf('status', 'heartbeat', 'fault'), at: word, target: word, status: word, elapsed_s: number }),
  objectOf({ type: oneOf('result') }),
);

async function commandSchema(leaf: Leaf, tree: Tree): Promise<CommandSchema> {
  const { group, command } = leaf;
  const { description = null, formats = [], exits = null, options = {} } = command;
  const level = consentLevel(command);
  const output = await outputOf(command);
  const hasPlan = mayChange(command) || (command.applies === true && 'dry_run' in options);
  const optional = typeof command.consent === 'function' || (typeof command.consent === 'object' && command.consent.deferred);
  return {
    version: SCHEMA_VERSION,
    ...shortSchema(leaf),
    also: otherNames(leaf, tree),
    description,
    effect_with: Object.fromEntries(Object.entries(effectsWithOptions(command)).map(([name, effect]) => [flagName(name), effect])),
    consent: level === undefined ? null : { level, asks: optional ? 'sometimes' : 'always' },
    arguments: positionalsOf(group, command).map(({ key, required, variadic, option }) => ({
      ...described(key.replaceAll('_', '-'), { ...option, required: required || option.required === true }),
      ...(variadic && { many: true as const }),
      ...(option.place === 'either' && { option: flagName(key) }),
    })),
    options: optionSchemas(optionsOf(group, command)),
    input: command.fields ? inputOf(command) : null,
    output: output && withDialect(output),
    events: 'timeout' in options ? withDialect(waitEvents) : null,
    formats,
    dry_run: hasPlan,
    plan: hasPlan ? { $ref: planSchema.$id, description: 'Printed by dnx apply --schema.' } : null,
    exits,
    abilities: needsIn(command).always,
    requests: requestsOf(command),
    examples: command.examples.map((example) => ['dnx', group.name, example].filter(Boolean).join(' ')),
  };
}

/** Its aliases, and its names at the root. */
function otherNames({ group, command }: Leaf, { contents, shortcuts }: Tree): readonly string[] {
  const names = [command.name, ...(command.aliases ?? [])];
  const groups = contents.filter(({ name, also }) => name === group.name || also === group.name).map(({ name }) => name);
  const paths = groups.length === 0 ? names : groups.flatMap((groupName) => names.map((name) => `${groupName} ${name}`));
  return [
    ...paths.slice(1),
    ...Object.keys(shortcuts).filter((shortcut) => shortcuts[shortcut]?.[0] === group.name && shortcuts[shortcut]?.[1] === command.name),
  ];
}

const optionSchemas = (options: Options): readonly OptionSchema[] =>
  Object.entries<Option<unknown>>(options)
    .filter(([, { place }]) => place !== 'either')
    .map(([key, option]) => described(flagName(key), option));

const types = { integer: 'integer', flag: 'boolean', duration: 'duration' } as const;

function described(name: string, option: Option<unknown>): OptionSchema {
  const { kind, help, short, required, negatable, choices, strict, least, env } = option;
  const [, fallback] = /\(default:? ([^\s;,)]+)[;)]/.exec(help) ?? [];
  return {
    name,
    ...(short && { short: `-${short}` }),
    type: kind in types ? types[kind as keyof typeof types] : 'string',
    help,
    ...(required && { required }),
    ...(kind === 'list' && { many: true }),
    ...(negatable && { negatable: true }),
    ...(choices && { values: choices, ...(strict && { only: true }) }),
    ...(least !== undefined && { least }),
    ...(fallback !== undefined && { default: fallback }),
    ...(env !== undefined && { env }),
    ...((kind === 'content' || kind === 'secret') && { from_file: kind === 'secret' ? 'required' : 'allowed' }),
  };
}

/** The fields of the body, and those that only -F sends. */
function inputOf({ calls, fields = {} }: AnyCommand): JsonSchema {
  const [first = ''] = typeof calls === 'function' ? [] : conditionsIn(calls).map(([endpoint]) => endpoint);
  const all = sentFields({ ...fields, ...withoutOption[first] });
  const required = all.filter((field) => field.required).map(({ name }) => name);
  return withDialect({
    type: 'object',
    properties: Object.fromEntries(all.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 && { required }),
  });
}

function fieldSchema({ type, choices, help }: KnownField): JsonSchema {
  const examples = choices.length > 0 ? { examples: choices } : {};
  if (type === 'array') return { description: help, type, items: { type: 'string', ...examples } };
  return { description: help, type: type === 'id' ? ['string', 'integer'] : type, ...examples };
}

function requestsOf({ calls }: AnyCommand): CommandSchema['requests'] {
  const options = new Map<Endpoint, (string | undefined)[]>();
  for (const [call, when] of typeof calls === 'function' ? [] : conditionsIn(calls))
    options.set(call, [...(options.get(call) ?? []), when]);
  return [...options].map(([call, all]) => {
    const need = needOf(call);
    const flags = all.flatMap((when) => (when === undefined ? [] : [flagName(when)]));
    return {
      call,
      ...(need && { ability: need.ability, ...(need.assumed && { assumed: true as const }) }),
      ...(flags.length === all.length && { with: flags }),
    };
  });
}

/** The error that `--json` prints on stderr, its codes with their exit codes, and its reasons. */
export function errorsSchema(): { readonly codes: object; readonly reasons: object; readonly schema: JsonSchema } {
  const reasons = {
    ...Object.fromEntries(Object.keys(exits).map((code) => [code, humanCodes.includes(code as ErrorCode)])),
    ...errorReasons,
  };
  const { human, message, status, errors, hint, next } = errorFields;
  const error = objectOf(
    {
      code: { description: 'Decides the exit code.', enum: Object.keys(exits) },
      reason: { description: 'More closely than the code, and as stable.', enum: Object.keys(reasons) },
      human: { description: 'Only a person can go on.', ...human },
      message,
      status: { description: 'The HTTP status, if the API answered.', ...status },
      errors: { description: 'The fields that the API rejected, and why.', ...errors },
      hint: { description: 'What to do about it.', ...hint },
      next: { description: 'Commands to run next.', ...next },
    },
    { stack: { description: 'Of a bug, for a report.', ...words }, dnx: word, node: word, platform: word },
  );
  return {
    codes: Object.fromEntries(Object.entries(exits).map(([code, exit]) => [code, { exit }])),
    reasons: Object.fromEntries(Object.entries(reasons).map(([reason, human]) => [reason, { human }])),
    schema: withDialect(objectOf({ error })),
  };
}

/** The version of the shape of what `dnx schema` prints. A new one is an entry in the changelog. */
const SCHEMA_VERSION = 1;

const effect = oneOf<Effect>('read', 'local', 'change', 'destroy', 'program');
/** What a command does at most, without the options in `effect_with`. */
const brief = { name: word, effect, summary: word };

/** A command in a list. */
const short = objectOf(brief);
type ShortSchema = Printed<typeof short>;

/** An argument or option. What is missing does not apply. */
const option = objectOf(
  {
    /** `site`, or `--php-version`. */
    name: word,
    type: oneOf('string', 'integer', 'boolean', 'duration'),
    help: word,
  },
  {
    short: word,
    required: oneOf(true),
    /** It may be given several times. */
    many: oneOf(true),
    /** It also takes --no-…. */
    negatable: oneOf(true),
    /** Known values. `only`: others are refused. */
    values: words,
    only: oneOf(true),
    least: number,
    default: word,
    env: word,
    /** The value may be, or if it is a secret must be, `@file` or `-`. */
    from_file: oneOf('allowed', 'required'),
    /** An argument that may also be given as this option. */
    option: word,
  },
);
type OptionSchema = Printed<typeof option>;

/** A request that a command may send. `assumed`: the API reference does not state the ability. `with`: the options that send it, if none does otherwise. */
const request = objectOf({ call: word }, { ability: word, assumed: oneOf(true), with: words });

const version = oneOf(SCHEMA_VERSION);
/** All of a command. */
const whole = objectOf({
  version,
  ...brief,
  also: words,
  description: nullable(word),
  effect_with: mapOf(effect),
  /** `--yes` answers a moderate question, `--confirm` with the name a severe one. `asks`: whether it asks depends on what it finds. */
  consent: nullable(objectOf({ level: oneOf('moderate', 'severe'), asks: oneOf('always', 'sometimes') })),
  arguments: listOf(option),
  options: listOf(option),
  /** The JSON body that -F and --data set. */
  input: nullable(item),
  output: nullable(item),
  /** What -o ndjson prints while it waits, a line each. */
  events: nullable(item),
  formats: words,
  /** It has --dry-run and --out. */
  dry_run: yes,
  /** What it prints with --dry-run: a reference to the schema that `dnx apply --schema` prints. */
  plan: nullable(item),
  exits: nullable(word),
  abilities: words,
  requests: listOf(request),
  examples: words,
});
type CommandSchema = Printed<typeof whole>;

const errors = { codes: mapOf(objectOf({ exit: number })), reasons: mapOf(objectOf({ human: yes })), schema: item };

/** The shape of what `dnx schema` prints: a command, commands (as lines, too), errors, or everything. */
export const schemaShape: JsonSchema = either(
  whole,
  objectOf({ version, dnx: word, commands: listOf(short) }),
  listOf(short),
  objectOf({ version, ...errors }),
  objectOf({ version, dnx: word, options: listOf(option), commands: listOf(whole), plan: item, errors: objectOf(errors) }),
);
