import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import type { Option, Options } from '../language/options.ts';
import { seeHelp } from './command-line.ts';
import { attributeOf } from './received.ts';

/** What to parse in one step. */
export interface Expected {
  /** The command so far, for the help hint of an error: `site`. */
  readonly path: string;
  readonly options: readonly Options[];
  /** The arguments; only the last may be variadic. */
  readonly args: readonly { readonly variadic: boolean }[];
  /** Returns everything after the first argument unparsed. */
  readonly passThrough?: boolean;
  /** Accepts `--version`. */
  readonly version?: boolean;
  /** The option that an extra word could belong to: `site` for `shop.example.com`. */
  readonly parentOf?: (word: string) => string | undefined;
  /** What to do about an unknown option. */
  readonly hint?: string;
  /** Accepts unknown options and arguments. */
  readonly lenient?: boolean;
}

export interface Step {
  /** By position; a variadic argument is a list. */
  readonly values: readonly unknown[];
  readonly words: readonly string[];
  /** Set for `--help` and `--version`; then there are no values. */
  readonly asked?: 'help' | 'version';
}

/** A flag as it may be typed, and what it sets. */
interface Flag {
  readonly key: string;
  readonly option: Option<unknown>;
  /** False for `--no-x`. */
  readonly on: boolean;
}

type Flags = ReadonlyMap<string, Flag>;

/** Parses argv with Node's own parser. Stores option values in `given`, even before an error. */
export function takeStep(argv: readonly string[], expected: Expected, given: Record<string, unknown>): Step {
  const flags: Flags = new Map(expected.options.flatMap((options) => Object.entries<Option<unknown>>(options).flatMap(flagsOf)));
  const { words, values, asked, ...wrong } = read(argv, flags, expected);
  Object.assign(given, values);
  if (asked) return { values: [], words: [], asked };
  if (!expected.lenient) refuse({ ...wrong, words, values }, flags, expected);
  return { values: expected.args.map(({ variadic }, index) => (variadic ? words.slice(index) : words[index])), words };
}

/** What was read, and the first mistake of each kind. */
interface Read {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly asked?: Step['asked'];
  readonly unknown?: string | undefined;
  /** The flag that lacks its value. */
  readonly bare?: string | undefined;
}

function read(argv: readonly string[], flags: Flags, { passThrough, version }: Expected): Read {
  const words: string[] = [];
  const values: Record<string, unknown> = {};
  let unknown: string | undefined;
  let bare: string | undefined;
  let asked: Step['asked'];
  let before = -1;
  for (const token of tokensOf(argv, flags, version)) {
    const word = argv[token.index] ?? '';
    // `-5` is not a flag.
    if (token.kind === 'positional' || NUMBER.test(word)) {
      // After an unknown option, the word may be its value, so a later --help is ours.
      if (passThrough && unknown === undefined) return { words: argv.slice(token.index), values, asked, bare };
      // `-55` is two tokens.
      if (token.index !== before) words.push(word);
      before = token.index;
    } else if (token.kind === 'option') {
      const flag = flags.get(token.name);
      const takesValue = flag !== undefined && flag.option.kind !== 'flag';
      if (!takesValue && token.value !== undefined) unknown ??= word;
      else if (token.name === 'help' || (version && token.name === 'version')) asked ??= token.name;
      else if (!flag) unknown ??= token.rawName;
      else if (takesValue && token.value === undefined) bare ??= token.name;
      else values[flag.key] = taken(flag, token.value, values[flag.key]);
    }
  }
  return { words, values, asked, unknown, bare };
}

const NUMBER = /^-(\d+|\d*\.\d+)(e[+-]?\d+)?$/;

function tokensOf(argv: readonly string[], flags: Flags, version = false) {
  const options: Record<string, NonNullable<ParseArgsConfig['options']>[string]> = {
    help: { type: 'boolean', short: 'h' },
    ...(version && { version: { type: 'boolean', short: 'v' } }),
  };
  for (const [name, { option }] of flags)
    options[name] = { type: option.kind === 'flag' ? 'boolean' : 'string', ...(option.short && { short: option.short }) };
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function taken({ option, on }: Flag, value: string | undefined, before: unknown): unknown {
  if (option.kind === 'flag') return on;
  return option.kind === 'list' ? [...(Array.isArray(before) ? before : []), value] : value;
}

/** Fails for the first mistake. */
function refuse({ unknown, bare, words, values }: Read, flags: Flags, { path, args, parentOf, hint }: Expected): void {
  if (bare !== undefined) throw usage(`Missing value: ${flagsIn(bare, flags)}.`, undefined, seeHelp(path));
  if (unknown !== undefined)
    throw unknownOption(
      unknown,
      [...flags.keys(), 'help'].map((name) => `--${name}`),
      path,
    ).with({ hint });
  if (words.length <= args.length || args.at(-1)?.variadic) return;
  const extra = words.slice(args.length);
  const [word = ''] = extra;
  const parent = extra.length === 1 ? parentOf?.(word) : undefined;
  const use = parent === undefined || values[parent] !== undefined ? undefined : `Use ${flagName(parent)} ${quoted(word)}.`;
  throw usage(`Too many arguments: ${extra.map((each) => `'${each}'`).join(', ')}.`, use, seeHelp(path));
}

/** An option as its help shows it: `-o, --output <format>`. */
function flagsIn(name: string, flags: Flags): string {
  const { short, placeholder = 'value' } = flags.get(name)?.option ?? {};
  return `${short ? `-${short}, ` : ''}--${name} <${placeholder}>`;
}

/** The error for an unknown option, with a suggestion, or for a flag with a value. */
export function unknownOption(word: string | undefined, known: readonly string[], path: string): DnxError {
  const [name = ''] = word?.split('=') ?? [];
  if (known.includes(name) && name !== word) return usage(`Option '${name}' takes no value.`, undefined, seeHelp(path));
  return usage(`Unknown option '${name}'.${didYouMean(name, known)}`, undefined, seeHelp(path));
}

/** The flags of an option by name, with `no-x` for a negatable one. */
function flagsOf([key, option]: readonly [string, Option<unknown>]): (readonly [string, Flag])[] {
  const positive = key.replace(/^no_/, '');
  const own = { key: attributeOf(positive), option };
  const first = [nameOf(key), { ...own, on: positive === key }] as const;
  return option.negatable ? [first, [nameOf(`no_${key}`), { ...own, option: { ...option, kind: 'flag' }, on: false }]] : [first];
}

const nameOf = (key: string): string => flagName(key).slice(2);
