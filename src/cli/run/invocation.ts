import { usage } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import type { Settled } from '../../platform/names/lookups.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import { type ChosenCalls, choose } from '../language/calls.ts';
import { type AnyCommand, type Group, nounOf, type TypedLine, type Words } from '../language/command.ts';
import { bodyOptions, consents, type Globals, planOptions } from '../language/globals.ts';
import type { Options } from '../language/options.ts';
import { type GivenOptions, type Positional, takenBy } from '../language/signature.ts';
import { mayChange } from '../language/tree.ts';
import { seeHelp } from './command-line.ts';

/** A command and the words given for its parts, not yet parsed. */
export interface Invocation extends TypedLine {
  /** What the word of a destination was taken for. Unless that is certain, it may be the other. */
  readonly destination?: { readonly parent: 'server' | 'site'; readonly certain: boolean };
}

/** Every word by the name of its parameter, option or field, as `effectOf` takes them. */
export const wordsIn = ({ targets, options, fields, plan: { dry, out } }: TypedLine): Words => ({
  ...targets,
  ...options,
  ...fields,
  ...(dry && { dry_run: true }),
  ...(out !== undefined && { out }),
});

/** The words for the noun of the group; may be empty. */
export const ownWords = ({ group, targets }: Pick<Invocation, 'group' | 'targets'>): readonly string[] => targets[nounOf(group)] ?? [];

/** True if a command takes a server or a site by position. */
export const takesDestination = ({ options = {} }: Pick<AnyCommand, 'options'>): boolean =>
  Object.values(options).some(({ destination }) => destination);

/** The endpoints that this command line calls. */
export function callsOf(invocation: Invocation, settled: Settled): ChosenCalls {
  const { command, targets, options, fields } = invocation;
  if (typeof command.calls === 'function') {
    const also = command.calls(options).map((endpoint) => ({ endpoint, when: undefined }));
    return { endpoint: undefined, instead: undefined, also };
  }
  const given = (name: string) =>
    [targets[name], options[name], fields[name]].some((word) => word !== undefined && word !== false && word.toString() !== '');
  return choose(command.calls, given, (name) => {
    // A server from the link file or profile must not hide resources on other servers.
    if (name === 'server') return settled.server !== undefined && settled.origins?.server === 'environment';
    if (name !== 'site' || given('server')) return false;
    // DNX_SERVER is a destination, too, and the environment overrides the link file and the profile.
    const { server, site } = settled.origins ?? {};
    if (takesDestination(command) && server === 'environment' && site !== 'environment') return false;
    const broken = settled.site === undefined ? brokenSetting('site', settled) : undefined;
    if (broken) throw broken;
    return settled.site !== undefined;
  });
}

/** A command line as parsed by commander. */
export interface Received {
  readonly positionals: readonly Positional[];
  /** By position. */
  readonly words: readonly unknown[];
  readonly own: Options;
  readonly given: GivenOptions;
}

type Word = Words[string];

/** Commander's attribute name: `php_version` -> `phpVersion`. */
export const attributeOf = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const wordOf = (value: unknown): Word | undefined => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
};

/** The global options. `--no-x` sets `noX` to false; the default is true. */
export const globalsOf = (given: GivenOptions): Globals => ({
  json: given.json === true,
  // Accepts `-o=json`, as in other programs.
  output: textOf(given.output)?.replace(/^=/, ''),
  fields: textOf(given.fields)
    ?.split(',')
    .map((field) => field.trim()),
  query: textOf(given.query),
  sort: textOf(given.sort),
  limit: textOf(given.limit),
  wide: given.wide === true,
  header: given.noHeader !== false,
  env: textOf(given.env),
  profile: textOf(given.profile),
  host: textOf(given.host),
  caFile: textOf(given.caFile),
  cache: given.noCache !== false,
  maxWait: textOf(given.maxWait),
  input: given.noInput !== false,
  quiet: given.quiet === true,
  debug: given.debug === true,
  color: given.noColor !== false,
});

/** Assigns the words to the parts of the command. Fails if a value is given both by position and as a flag. */
export function invocationOf(group: Group, command: AnyCommand, path: string, received: Received): Invocation {
  const { positionals, words, own, given } = received;
  const parts = new Map<string, Word>();
  for (const key of Object.keys(own)) {
    const word = wordOf(given[attributeOf(key)]);
    if (word !== undefined) parts.set(key, word);
  }
  let destination: Invocation['destination'];
  positionals.forEach(({ key: name, option }, index) => {
    const given = wordOf(words[index]);
    if (given === undefined) return;
    const word = option.destination ? placeIn(String(given), own, parts) : given;
    if (option.destination) destination = destinationOf(String(word), parts);
    const key = (option.destination && destination?.parent) || name;
    if (parts.has(key)) throw usage(`<${key.replaceAll('_', '-')}> is given twice: as '${word}' and with ${flagName(key)}.`);
    parts.set(key, word);
  });
  // Parents are accepted before the group, but not every command has them.
  for (const key of ['server', 'site'])
    if (given[key] !== undefined && !(key in own)) throw usage(`Unknown option '${flagName(key)}'.`, undefined, seeHelp(path));
  return { group, command, path, globals: globalsOf(given), ...(destination && { destination }), ...sorted(command, parts) };
}

/** The place in `root@web-1`, if the command has an option for the user, which it sets. */
function placeIn(word: string, own: Options, parts: Map<string, Word>): string {
  const [, user, place] = own.user && !parts.has('user') ? (/^([^@/]+)@([^@]+)$/.exec(word) ?? []) : [];
  if (user === undefined || place === undefined) return word;
  parts.set('user', user);
  return place;
}

/** What a destination is by its look: a site has a dot or a slash, and is no IP address. If the other one is given as an option, it is this one. */
function destinationOf(word: string, parts: ReadonlyMap<string, Word>): NonNullable<Invocation['destination']> {
  if (word.includes('/')) return { parent: 'site', certain: true };
  if (parts.has('site')) return { parent: 'server', certain: true };
  if (parts.has('server')) return { parent: 'site', certain: true };
  return { parent: word.includes('.') && !/:|^[\d.]+$/.test(word) ? 'site' : 'server', certain: false };
}

/** Sorts the words by the part of the declaration they belong to. */
function sorted(
  command: AnyCommand,
  parts: ReadonlyMap<string, Word>,
): Pick<Invocation, 'targets' | 'options' | 'fields' | 'body' | 'consent' | 'plan'> {
  const taken = takenBy(command);
  const targets: Record<string, readonly string[]> = {};
  const options: Record<string, Word> = {};
  const fields: Record<string, Word> = {};
  for (const [key, word] of parts) {
    if (command.options && key in command.options) options[key] = word;
    else if (taken[key] && !taken[key].as) fields[key] = word;
    else if (!(key in consents.severe) && !(key in bodyOptions) && !(key in planOptions)) targets[key] = listOf(word);
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
    plan: mayChange(command) ? planOf(parts) : { dry: false, exitCode: false, out: undefined },
  };
}

function planOf(parts: ReadonlyMap<string, Word>): Invocation['plan'] {
  const plan = { dry: parts.get('dry_run') === true, exitCode: parts.get('exit_code') === true, out: textOf(parts.get('out')) };
  const needless = plan.dry ? undefined : plan.exitCode ? '--exit-code' : plan.out === undefined ? undefined : '--out';
  if (needless !== undefined) throw usage(`${needless} needs --dry-run.`);
  return plan;
}

const listOf = (word: Word): readonly string[] => (typeof word === 'object' ? word : [String(word)]);
