import { type Next, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { flagName, plural, title } from '../../base/text.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import type { Defaults, Scope } from '../../platform/names/lookups.ts';
import { namings, type Targets } from '../../platform/names/names.ts';
import { brokenSetting, notGiven, nowhere } from '../../platform/names/unresolved.ts';
import { alternativesIn, type ChosenCalls, choose, parametersOf } from '../language/calls.ts';
import { type AnyCommand, type Group, nounOf, type TypedLine, type Words } from '../language/command.ts';
import { attributeOf, bodyOptions, consents, dryRunOptions, type Globals, globalsOf, textOf } from '../language/globals.ts';
import type { Options } from '../language/options.ts';
import { type GivenOptions, isPlace, type Positional, positionalsOf, replacingOptions, takenBy } from '../language/signature.ts';
import { isPlannable } from '../language/tree.ts';
import type { Result } from '../output/view.ts';
import type { Ask } from '../prompt/ask.ts';
import type { HelpPage } from './help/page.ts';

/** The words of a command line, and what stands for those that are left out. */
export interface WordedLine extends TypedLine {
  /** The server and the site that need not be typed. */
  readonly defaults: Defaults;
}

/** A command line that this process may run, with its settings. */
export interface Line extends WordedLine {
  readonly settings: Settings;
}

/** The answer to a prompt: the value to send (undefined leaves the option out) and its display text. */
export interface PromptAnswer {
  readonly value: unknown;
  readonly label: string;
  /** It was chosen from the API's list, so it is an id. */
  readonly listed?: boolean;
}

/** The values of a command line. */
export interface Inputs {
  readonly options: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The values of `-F` and `--data`, which override the fields. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Answers to prompts, by option; also those that leave an option out. */
  readonly asked: Readonly<Record<string, PromptAnswer>>;
  /** The answers as they would be typed on the command line. */
  readonly answers: Readonly<Record<string, unknown>>;
}

/** A line that only has to be executed: its targets and values are known, and the user agrees. */
export interface Ready {
  /** A word that could name a server or a site is one of them by now. */
  readonly line: Line;
  readonly targets: readonly Targets[];
  readonly inputs: Inputs;
  /** What was picked from lists, as it would be typed. */
  readonly picked: Readonly<Record<string, string>>;
  readonly scope: Scope;
  /** `--timeout`, in ms, and what the lookups left of it for each target. */
  readonly timeoutMs: number;
  readonly allowanceMs: number;
}

/** How a command ended: its result, its error with the object that `--json` prints for it, and the exit code. */
export interface Ending {
  readonly result: Result | undefined;
  readonly failure: { readonly error: unknown; readonly data: unknown } | undefined;
  readonly code: number;
}

/** Every word by the name of its parameter, option or field, as `effectOf` takes them. */
export const wordsIn = ({ targets, options, fields, dryRun: { wanted, out } }: TypedLine): Words => ({
  ...targets,
  ...options,
  ...fields,
  ...(wanted && { dry_run: true }),
  ...(out !== undefined && { out }),
});

/** The words for the noun of the group; may be empty. */
export const ownWords = ({ group, targets }: Pick<TypedLine, 'group' | 'targets'>): readonly string[] => targets[nounOf(group)] ?? [];

/** True if a command takes a server or a site by position. */
export const takesDestination = ({ options = {} }: Pick<AnyCommand, 'options'>): boolean =>
  Object.values(options).some(({ destination }) => destination);

/** The endpoints that a command line calls. */
export function callsOf({ command, targets, options, fields, defaults }: WordedLine): ChosenCalls {
  if (typeof command.calls === 'function') {
    const also = command.calls(options).map((endpoint) => ({ endpoint, when: undefined }));
    return { endpoint: undefined, instead: undefined, also };
  }
  const isGiven = (name: string) =>
    [targets[name], options[name], fields[name]].some((word) => word !== undefined && word !== false && word.toString() !== '');
  return choose(command.calls, isGiven, (name) => {
    // A server from the link file or profile must not hide resources on other servers.
    if (name === 'server') return defaults.server !== undefined && defaults.origins?.server === 'environment';
    if (name !== 'site' || isGiven('server')) return false;
    // DNX_SERVER is a destination, too, and the environment overrides the link file and the profile.
    const { server, site } = defaults.origins ?? {};
    if (takesDestination(command) && server === 'environment' && site !== 'environment') return false;
    const broken = defaults.site === undefined ? brokenSetting('site', defaults) : undefined;
    if (broken) throw broken;
    return defaults.site !== undefined;
  });
}

/** The first word for each path parameter. */
export const firstWords = ({ targets }: Pick<TypedLine, 'targets'>): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(targets).map(([name, [word]]) => [name, word]));

/** True for `--all`. */
export const isForAll = ({ command, options }: Pick<TypedLine, 'command' | 'options'>): boolean =>
  command.targets === 'all' && options.all === true;

/** True for `--all` sites without a server: not even the link file, the profile or DNX_SERVER names one. */
export const isForEveryServer = (
  line: Pick<TypedLine, 'group' | 'command' | 'options' | 'targets'> & Pick<WordedLine, 'defaults'>,
): boolean =>
  isForAll(line) &&
  nounOf(line.group) === 'site' &&
  [line.targets.server, line.defaults.server, line.defaults.linked?.server, brokenSetting('server', line.defaults)].every(
    (word) => word === undefined,
  );

/** The path parameters that a command line needs, including a parent that fills a field of the body. */
export function namesNeeded(line: WordedLine): readonly string[] {
  const { endpoint, instead } = callsOf(line);
  const parent = Object.values(line.command.fields ?? {}).find(({ as }) => as !== undefined && as === instead)?.as;
  return [...new Set([...parametersOf(endpoint), ...(parent ? [...parameters(namings[parent]?.list ?? ''), parent] : [])])];
}

/** The path parameters that must be given or have defaults: with `--all`, only the parents; none if the target is optional and not given. */
export function namesWanted(line: WordedLine): readonly string[] {
  if (isForEveryServer(line)) return [];
  if (isForAll(line)) return parameters(namings[nounOf(line.group)]?.list ?? '');
  const isNone = line.command.targets === 'optional' && ownWords(line).length === 0;
  return isNone ? [] : namesNeeded(line);
}

/** True if a command line names nothing that has to be looked up, like `server list`. */
export const namesNothing = (line: WordedLine): boolean =>
  line.destination === undefined &&
  line.command.targets !== 'optional' &&
  !isForAll(line) &&
  ownWords(line).length === 0 &&
  namesNeeded(line).length === 0;

/** True if the destination of a command is needed, and neither given nor set as a default. */
export const lacksDestination = (line: WordedLine): boolean =>
  takesDestination(line.command) &&
  [line.targets.server, line.targets.site, line.defaults.server, line.defaults.site].every((word) => word === undefined) &&
  namesNeeded(line).length > 0;

/** Fails for two exclusive options, and for missing arguments that cannot be picked from a list. */
export function requireWords(line: WordedLine, { allowed }: Pick<Ask, 'allowed'>): void {
  const { group, command, path, options, fields, targets, defaults } = line;
  const [one, other] = typeof command.calls === 'function' ? [] : alternativesIn(command.calls).filter((name) => targets[name]);
  if (one && other) throw usage(`${flagName(one)} and ${flagName(other)} cannot be combined.`, 'Use only one of them.');
  const noun = nounOf(group);
  const standIns = replacingOptions(command).filter((name) => name !== noun);
  const standIn = standIns.find((name) => options[name]);
  if (standIn !== undefined && targets[noun])
    throw usage(`${flagName(standIn)} cannot be combined with ${plural(title(noun))}.`, 'Use only one of them.');
  const positionals = positionalsOf(group, command);
  const isNeeded = ({ key, required }: Positional) => required || (key === noun && standIns.length > 0 && standIn === undefined);
  const missing = positionals.find(
    (positional) => isNeeded(positional) && [targets, options, fields].every((words) => words[positional.key] === undefined),
  );
  if (!allowed && lacksPlace(line, positionals)) throw notGiven(noun, defaults, true);
  if (!allowed && lacksDestination(line)) throw nowhere(defaults);
  if (!missing) return;
  const { key, option } = missing;
  if (key !== noun) throw usage(`Missing ${option.placeholder ?? `<${key.replaceAll('_', '-')}>`}.`, undefined, seeHelp(path));
  if (!allowed || !namings[key]) throw notGiven(key, {}, true, standIns);
}

/** True if the server or site of a command is neither given nor set as a default. */
function lacksPlace({ group, command, targets, options, defaults }: WordedLine, positionals: readonly Positional[]): boolean {
  const noun = nounOf(group);
  if (!isPlace(noun) || command.targets === 'optional' || isForAll({ command, options })) return false;
  return positionals.some(({ key }) => key === noun) && targets[noun] === undefined && defaults[noun] === undefined;
}

/** A command line as parsed by commander. */
export interface ParsedWords {
  readonly positionals: readonly Positional[];
  /** By position. */
  readonly words: readonly unknown[];
  /** The options and fields of the command. */
  readonly declared: Options;
  readonly values: GivenOptions;
}

/** A word after the path of a group, or an option of a command, that dnx does not know; or an argument that only an option takes. */
export interface RefusedWord {
  readonly path: string;
  readonly word: string;
  /** The option that takes the argument: `--server`. */
  readonly option?: string;
}

/** Text that is loaded when it is printed. */
export type Help = (page: HelpPage) => Promise<string>;

/** The parsed argv. Global options are known even if the rest is invalid. */
export interface ParseResult {
  readonly globals: Globals;
  /** Undefined for help, the version, or an invalid command line. */
  readonly line?: TypedLine | undefined;
  /** The command, as typed, and what the options were given, also if the line is invalid. */
  readonly given?: { readonly command: AnyCommand; readonly path: string; readonly values: GivenOptions } | undefined;
  /** What to print instead of running a command. */
  readonly help?: Help | undefined;
  readonly error?: unknown;
  /** The word of the error, or a group by its plural alone, whose help this is. */
  readonly refused?: RefusedWord | undefined;
}

type Word = Words[string];

const wordOf = (value: unknown): Word | undefined => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
};

/** Assigns the words to the parts of the command. Fails if a value is given both by position and as a flag. */
export function typedLine(group: Group, command: AnyCommand, path: string, received: ParsedWords): TypedLine {
  const { positionals, words, declared, values } = received;
  const parts = new Map<string, Word>();
  for (const key of Object.keys(declared)) {
    const word = wordOf(values[attributeOf(key)]);
    if (word !== undefined) parts.set(key, word);
  }
  let destination: TypedLine['destination'];
  positionals.forEach(({ key: name, option }, index) => {
    const value = wordOf(words[index]);
    if (value === undefined) return;
    const word = option.destination ? placeIn(String(value), declared, parts) : value;
    if (option.destination) destination = destinationOf(String(word), parts);
    const key = (option.destination && destination?.parent) || name;
    if (parts.has(key)) throw usage(`<${key.replaceAll('_', '-')}> is given twice: as '${word}' and with ${flagName(key)}.`);
    parts.set(key, word);
  });
  // Parents are accepted before the group, but not every command has them.
  for (const key of ['server', 'site'])
    if (values[key] !== undefined && !(key in declared)) throw usage(`Unknown option '${flagName(key)}'.`, undefined, seeHelp(path));
  return { group, command, path, globals: globalsOf(values), ...(destination && { destination }), ...sorted(command, parts) };
}

/** The place in `root@web-1`, if the command has an option for the user, which it sets. */
function placeIn(word: string, declared: Options, parts: Map<string, Word>): string {
  const [, user, place] = declared.user && !parts.has('user') ? (/^([^@/]+)@([^@]+)$/.exec(word) ?? []) : [];
  if (user === undefined || place === undefined) return word;
  parts.set('user', user);
  return place;
}

/** What a destination is by its look: a site has a dot or a slash, and is no IP address. If the other one is given as an option, it is this one. */
function destinationOf(word: string, parts: ReadonlyMap<string, Word>): NonNullable<TypedLine['destination']> {
  if (word.includes('/')) return { parent: 'site', certain: true };
  if (parts.has('site')) return { parent: 'server', certain: true };
  if (parts.has('server')) return { parent: 'site', certain: true };
  return { parent: word.includes('.') && !/:|^[\d.]+$/.test(word) ? 'site' : 'server', certain: false };
}

/** Sorts the words by the part of the declaration they belong to. */
function sorted(
  command: AnyCommand,
  parts: ReadonlyMap<string, Word>,
): Pick<TypedLine, 'targets' | 'options' | 'fields' | 'body' | 'consent' | 'dryRun'> {
  const taken = takenBy(command);
  const targets: Record<string, readonly string[]> = {};
  const options: Record<string, Word> = {};
  const fields: Record<string, Word> = {};
  for (const [key, word] of parts) {
    if (command.options && key in command.options) options[key] = word;
    else if (taken[key] && !taken[key].as) fields[key] = word;
    else if (!(key in consents.severe) && !(key in bodyOptions) && !(key in dryRunOptions)) targets[key] = listOf(word);
  }
  const field = parts.get('field');
  return {
    targets,
    options,
    fields,
    body: {
      field: command.fields && field !== undefined ? listOf(field) : [],
      data: command.fields ? textOf(parts.get('data')) : undefined,
    },
    consent: { yes: parts.get('yes') === true, confirm: textOf(parts.get('confirm')) },
    dryRun: isPlannable(command) ? dryRunOf(parts) : { wanted: false, exitCode: false, out: undefined },
  };
}

function dryRunOf(parts: ReadonlyMap<string, Word>): TypedLine['dryRun'] {
  const dryRun = { wanted: parts.get('dry_run') === true, exitCode: parts.get('exit_code') === true, out: textOf(parts.get('out')) };
  const needless = dryRun.wanted ? undefined : dryRun.exitCode ? '--exit-code' : dryRun.out === undefined ? undefined : '--out';
  if (needless !== undefined) throw usage(`${needless} needs --dry-run.`);
  return dryRun;
}

const listOf = (word: Word): readonly string[] => (typeof word === 'object' ? word : [String(word)]);

type Where = Pick<Settings, 'host' | 'profile' | 'origins'> & Partial<Pick<Settings, 'caOption'>>;

/** Formats the words after `dnx` for a shell, with `--profile`, `--host` and `--ca-file` if needed. */
export function commandLine(words: readonly string[], { host, profile, origins, caOption }: Where): string {
  const has = (flag: string) => words.includes(flag);
  const flags = [
    ...((profile === DEFAULT_PROFILE && origins.profile !== 'option') || has('--profile') ? [] : ['--profile', profile]),
    ...(origins.host !== 'option' || has('--host') ? [] : ['--host', host]),
    ...(caOption === undefined || has('--ca-file') ? [] : ['--ca-file', caOption]),
  ];
  const end = words.indexOf('--');
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  return ['dnx', ...before, ...flags, ...after].map(quoted).join(' ');
}

/** A next command as a line: `Resume with: dnx watch`. */
export const nextLine = ({ command, why }: Next, where: Where): string => `${why}: ${commandLine(command, where)}`;

/** The `--help` of a command, a group, or dnx itself. */
export const seeHelp = (path: string): Next => ({ command: [...path.split(' ').filter(Boolean), '--help'], why: 'See' });

/** True for what is not an option. */
export const isWord = (word: string): boolean => !word.startsWith('-');
