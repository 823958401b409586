import { Command, CommanderError, Option as Flag } from 'commander';
import { type DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import type { Options } from '../language/options.ts';
import { seeHelp } from './command-line.ts';

/** What to parse in one step. */
export interface Expected {
  /** The command so far, for the help hint of an error: `site`. */
  readonly path: string;
  readonly options: readonly Options[];
  /** Arguments in commander's syntax: `[site...]`. */
  readonly args: readonly string[];
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

/** Parses argv with commander. Stores option values in `given`, even before an error. */
export function takeStep(argv: readonly string[], expected: Expected, given: Record<string, unknown>): Step {
  const program = programOf(expected);
  try {
    program.parse(argv, { from: 'user' });
    return { values: program.processedArgs, words: program.args };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { values: [], words: [], asked: error.code === 'commander.version' ? 'version' : 'help' };
    if (expected.lenient) return { values: [], words: [] };
    throw refusal(error, program, argv, expected);
  } finally {
    for (const [key, value] of Object.entries(program.opts())) if (program.getOptionValueSource(key) !== 'default') given[key] = value;
  }
}

/** A commander program that prints nothing, and throws instead of exiting. */
function programOf({ options, args, passThrough = false, version = false, lenient = false }: Expected): Command {
  const program = new Command()
    .exitOverride()
    .helpCommand(false)
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .passThroughOptions(passThrough)
    .allowUnknownOption(lenient)
    .allowExcessArguments(lenient)
    .action(() => {});
  if (version) program.version('', '-v, --version');
  for (const flag of options.flatMap(flagsOf)) program.addOption(flag);
  for (const arg of args) program.argument(arg);
  return program;
}

/** Translates an error of commander. */
function refusal(
  { code, message }: CommanderError,
  program: Command,
  argv: readonly string[],
  { path, parentOf, hint }: Expected,
): DnxError {
  switch (code) {
    case 'commander.unknownOption':
      return unknownOption(
        program.parseOptions([...argv]).unknown[0],
        program.options.map(({ long }) => long ?? '').concat('--help'),
        path,
      ).with({ hint });
    case 'commander.optionMissingArgument': {
      // Only the last word can lack a value; any other option takes the next word.
      const last = argv.at(-1) ?? '';
      const flag = program.options.find(({ long, short }) => long === last || short === last)?.flags ?? last;
      return usage(`Missing value: ${flag}.`, undefined, seeHelp(path));
    }
    case 'commander.excessArguments': {
      const extra = program.args.slice(program.registeredArguments.length);
      const [word = ''] = extra;
      const parent = extra.length === 1 ? parentOf?.(word) : undefined;
      const use =
        parent === undefined || program.getOptionValue(parent) !== undefined ? undefined : `Use ${flagName(parent)} ${quoted(word)}.`;
      return usage(`Too many arguments: ${extra.map((each) => `'${each}'`).join(', ')}.`, use, seeHelp(path));
    }
    default:
      return usage(message, undefined, seeHelp(path));
  }
}

/** The error for an unknown option, with a suggestion, or for a flag with a value. */
export function unknownOption(word: string | undefined, known: readonly string[], path: string): DnxError {
  const [name = ''] = word?.split('=') ?? [];
  if (known.includes(name) && name !== word) return usage(`Option '${name}' takes no value.`, undefined, seeHelp(path));
  return usage(`Unknown option '${name}'.${didYouMean(name, known)}`, undefined, seeHelp(path));
}

/** Commander options, with `--no-x` for a negatable one. */
function flagsOf(options: Options): Flag[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const short = option.short ? `-${option.short}, ` : '';
    const value = option.kind === 'flag' ? '' : ` <${option.placeholder ?? 'value'}>`;
    const flags = [new Flag(`${short}${flagName(key)}${value}`), ...(option.negatable ? [new Flag(flagName(`no_${key}`))] : [])];
    if (option.kind === 'list')
      for (const flag of flags) flag.argParser((word: string, before: readonly string[] = []) => [...before, word]);
    return flags;
  });
}
