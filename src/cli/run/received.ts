import { usage } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import type { AnyCommand, Group, Words } from '../language/command.ts';
import { bodyOptions, consents, type Globals } from '../language/globals.ts';
import type { Options } from '../language/options.ts';
import { type Positional, takenBy } from '../language/signature.ts';
import { seeHelp } from './command-line.ts';
import type { Invocation } from './invocation.ts';

/** Option values by commander's attribute names. */
export type Given = Readonly<Record<string, unknown>>;

/** A command line as parsed by commander. */
export interface Received {
  readonly positionals: readonly Positional[];
  /** By position. */
  readonly words: readonly unknown[];
  readonly own: Options;
  readonly given: Given;
}

type Word = Words[string];

/** Commander's attribute name: `php_version` -> `phpVersion`. */
const attributeOf = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const wordOf = (value: unknown): Word | undefined => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
};

/** The global options. `--no-x` sets `x` to false; the default is true. */
export const globalsOf = (given: Given): Globals => ({
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
  header: given.header !== false,
  env: textOf(given.env),
  profile: textOf(given.profile),
  host: textOf(given.host),
  caFile: textOf(given.caFile),
  cache: given.cache !== false,
  maxWait: textOf(given.maxWait),
  input: given.input !== false,
  quiet: given.quiet === true,
  debug: given.debug === true,
  color: given.color !== false,
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
): Pick<Invocation, 'targets' | 'options' | 'fields' | 'body' | 'consent'> {
  const taken = takenBy(command);
  const targets: Record<string, readonly string[]> = {};
  const options: Record<string, Word> = {};
  const fields: Record<string, Word> = {};
  for (const [key, word] of parts) {
    if (command.options && key in command.options) options[key] = word;
    else if (taken[key] && !taken[key].as) fields[key] = word;
    else if (!(key in consents.severe) && !(key in bodyOptions)) targets[key] = listOf(word);
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
  };
}

const listOf = (word: Word): readonly string[] => (typeof word === 'object' ? word : [String(word)]);
