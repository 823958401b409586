import type { Effect } from '../../cli/language/options.ts';
import {
  either,
  item,
  type JsonSchema,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  type Printed,
  word,
  words,
  yes,
} from '../../cli/language/shape.ts';

/** The version of the shape of what `dnx schema` prints. A new one is an entry in the changelog. */
export const SCHEMA_VERSION = 1;

const effect = oneOf<Effect>('read', 'local', 'change', 'destroy', 'program');
/** What a command does at most, without the options in `effect_with`. */
const brief = { name: word, effect, summary: word };

/** A command in a list. */
const short = objectOf(brief);
export type ShortSchema = Printed<typeof short>;

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
export type OptionSchema = Printed<typeof option>;

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
export type CommandSchema = Printed<typeof whole>;

const errors = { codes: mapOf(objectOf({ exit: number })), reasons: mapOf(objectOf({ human: yes })), schema: item };

/** The shape of what `dnx schema` prints: a command, commands (as lines, too), errors, or everything. */
export const schemaShape: JsonSchema = either(
  whole,
  objectOf({ version, dnx: word, commands: listOf(short) }),
  listOf(short),
  objectOf({ version, ...errors }),
  objectOf({ version, dnx: word, options: listOf(option), commands: listOf(whole), plan: item, errors: objectOf(errors) }),
);
