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
  word,
  words,
  yes,
} from '../../cli/language/shape.ts';

/** The version of the shape of what `dnx schema` prints. A new one is an entry in the changelog. */
export const SCHEMA_VERSION = 1;

/** A command in a list. */
export interface ShortSchema {
  readonly name: string;
  /** What it does at most, without the options in `effect_with`. */
  readonly effect: Effect;
  readonly summary: string;
}

/** An argument or option. What is missing does not apply. */
export interface OptionSchema {
  /** `site`, or `--php-version`. */
  readonly name: string;
  readonly short?: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'duration';
  readonly help: string;
  readonly required?: true;
  /** It may be given several times. */
  readonly many?: true;
  /** It also takes --no-…. */
  readonly negatable?: true;
  /** Known values. `only`: others are refused. */
  readonly values?: readonly string[];
  readonly only?: true;
  readonly least?: number;
  readonly default?: string;
  /** The environment variable that it is read from. */
  readonly env?: string;
  /** The value may be, or if it is a secret must be, `@file` or `-`. */
  readonly from_file?: 'allowed' | 'required';
  /** An argument that may also be given as this option. */
  readonly option?: string;
}

/** A request that a command may send. */
interface RequestSchema {
  readonly call: string;
  readonly ability?: string;
  /** The API reference does not state the ability. */
  readonly assumed?: true;
  /** The options that send it, if none does otherwise. */
  readonly with?: readonly string[];
}

/** All of a command. */
export interface CommandSchema extends ShortSchema {
  readonly version: typeof SCHEMA_VERSION;
  /** Its other names. */
  readonly also: readonly string[];
  readonly description: string | null;
  readonly effect_with: Readonly<Record<string, Effect>>;
  /** `--yes` answers a moderate question, `--confirm` with the name a severe one. `asks`: whether it asks depends on what it finds. */
  readonly consent: { readonly level: 'moderate' | 'severe'; readonly asks: 'always' | 'sometimes' } | null;
  readonly arguments: readonly OptionSchema[];
  readonly options: readonly OptionSchema[];
  /** The JSON body that -F and --data set. */
  readonly input: JsonSchema | null;
  /** What --json prints. */
  readonly output: JsonSchema | null;
  /** What -o ndjson prints while it waits, a line each. */
  readonly events: JsonSchema | null;
  /** Formats that only some commands have. */
  readonly formats: readonly string[];
  /** It has --dry-run and --out. The plan: dnx apply --schema. */
  readonly dry_run: boolean;
  /** Exit codes with a meaning of their own. */
  readonly exits: string | null;
  /** What the token must be able to do, whatever the options. */
  readonly abilities: readonly string[];
  readonly requests: readonly RequestSchema[];
  readonly examples: readonly string[];
}

const effect = oneOf<Effect>('read', 'local', 'change', 'destroy', 'program');
const short = objectOf({ name: word, effect, summary: word });
const option = objectOf(
  { name: word, type: oneOf('string', 'integer', 'boolean', 'duration'), help: word },
  {
    short: word,
    required: oneOf(true),
    many: oneOf(true),
    negatable: oneOf(true),
    values: words,
    only: oneOf(true),
    least: number,
    default: word,
    env: word,
    from_file: oneOf('allowed', 'required'),
    option: word,
  },
);
const version = oneOf(SCHEMA_VERSION);
const whole = objectOf({
  version,
  name: word,
  effect,
  summary: word,
  also: words,
  description: nullable(word),
  effect_with: mapOf(effect),
  consent: nullable(objectOf({ level: oneOf('moderate', 'severe'), asks: oneOf('always', 'sometimes') })),
  arguments: listOf(option),
  options: listOf(option),
  input: nullable(item),
  output: nullable(item),
  events: nullable(item),
  formats: words,
  dry_run: yes,
  exits: nullable(word),
  abilities: words,
  requests: listOf(objectOf({ call: word }, { ability: word, assumed: oneOf(true), with: words })),
  examples: words,
});
const errors = { codes: mapOf(objectOf({ exit: number })), reasons: mapOf(objectOf({ human: yes })), schema: item };

/** The shape of what `dnx schema` prints: a command, commands (as lines, too), errors, or everything. */
export const schemaShape: JsonSchema = either(
  whole,
  objectOf({ version, dnx: word, commands: listOf(short) }),
  listOf(short),
  objectOf({ version, ...errors }),
  objectOf({ version, dnx: word, options: listOf(option), commands: listOf(whole), errors: objectOf(errors) }),
);
