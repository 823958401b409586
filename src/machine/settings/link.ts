import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { SettingsFile } from './sources.ts';

/** The name of a link file. */
export const LINK_FILE = '.deploynix.json';
/** A link file comes from a repository, so its size is not trusted. */
export const LINK_LIMIT_MB = 1;
/** The most environments that an error lists. */
const MOST_NAMES = 5;
/** The longest usable id. */
const LONGEST_ID = 255;

/** The keys of a link file. `server` and `site` without environments are one unnamed environment. */
export const linkKeys = ['host', 'profile', 'server', 'site', 'confirm', 'default', 'environments'] as const;
/** The keys of an environment in it. */
export const environmentKeys = ['server', 'site', 'confirm'] as const;
/** The keys of a server or site that is named by id, too. */
export const placeKeys = ['id', 'name'] as const;

/** A server or site in a link file. The id comes from a repository: a change checks first that it belongs to the name. */
interface LinkedPlace {
  readonly id: string | undefined;
  readonly name: string | undefined;
}

/** An environment of a link file: the site of a stage, such as `production`. */
export interface LinkEnvironment {
  /** Empty for a file without named environments. */
  readonly name: string;
  readonly server: LinkedPlace;
  readonly site: LinkedPlace;
  /** True if deployments and pushes of variables ask for confirmation. */
  readonly confirm: boolean;
}

/** What a link file says. */
export interface Link {
  readonly file: string;
  readonly environments: readonly LinkEnvironment[];
  /** The environment in use. */
  readonly chosen: LinkEnvironment | undefined;
  /** Set if an environment is wanted that the file does not have, so that no other site is used instead. */
  readonly missing: DnxError | undefined;
  /** Set if the environments could not be read, so that nobody knows which ones ask for confirmation. */
  readonly broken: DnxError | undefined;
}

/** Reads the environments of a link file. `wanted` is the one that the user named, if any. */
export function linkOf(source: SettingsFile, wanted: string | undefined): Link {
  const { file } = source;
  const unreadable = environmentsProblem(source);
  if (unreadable) {
    // If nothing could be read, whatever needs the server or site says so itself.
    const missing = wanted !== undefined || !source.problem('object') ? unreadable : undefined;
    return { file, environments: [], chosen: undefined, missing, broken: unreadable };
  }
  const names = Object.keys(source.object('environments'));
  const environments = names.map((name) => environmentOf(source, name, 'environments', name));
  const all = environments.length > 0 ? environments : [environmentOf(source, '')];
  const name = wanted ?? (source.text('default') || (all.length === 1 ? all[0]?.name : undefined));
  const chosen = all.find((each) => each.name === name);
  const missing = chosen ? undefined : withoutEnvironment(file, name, names);
  const broken = names.map((each) => source.problem('object', 'environments', each)).find(Boolean);
  return { file, environments: all, chosen, missing, broken };
}

function environmentOf(source: SettingsFile, name: string, ...keys: readonly string[]): LinkEnvironment {
  const place = (key: 'server' | 'site'): LinkedPlace => {
    const id = source.text(...keys, key, 'id');
    return {
      id: id !== undefined && isUsableId(id) ? id : undefined,
      name: (source.text(...keys, key, 'name') ?? source.text(...keys, key)) || undefined,
    };
  };
  // `"confirm": "yes"` asks, too. At the top level, it holds for every environment without its own.
  const own = source.object(...keys);
  const { confirm = false } = Object.hasOwn(own, 'confirm') ? own : source.object();
  return { name, server: place('server'), site: place('site'), confirm: confirm !== false };
}

/** False for an id that would lead elsewhere in a path, or that no API sends. */
const isUsableId = (id: string): boolean => id.length <= LONGEST_ID && !/^\.{0,2}$|[\p{Cc}\p{Cf}\p{Cs}/\\]/u.test(id);

function withoutEnvironment(file: string, name: string | undefined, known: readonly string[]): DnxError {
  if (name === undefined) return usage(`${file} has no default environment.`, `Use --env with one of ${listed(known)}.`);
  if (known.length === 0)
    return usage(`${file} has no environment '${name}', because it names a single site.`, 'Leave out --env, DNX_ENV and its default.');
  return usage(`${file} has no environment '${name}'.${didYouMean(name, known)}`, `It has ${listed(known)}.`);
}

/** Names for a sentence, not more than a few. */
function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ');
}

/** The error for an environment without a link file. */
export const withoutLink = (name: string): DnxError =>
  usage(`No environment '${name}': ${LINK_FILE} was not found in this directory or above it.`, 'Create it with: dnx link');

/** The problem with the environments as a whole: no object, or a name that nobody can type or read. */
export function environmentsProblem(source: SettingsFile): DnxError | undefined {
  const isWrong = Object.keys(source.object('environments')).some((name) => !/^\P{C}{1,64}$/u.test(name));
  const named = isWrong
    ? usage(`environments in ${source.file} has a name that cannot be used.`, 'Fix it, or remove the file.')
    : undefined;
  return source.problem('object', 'environments') ?? named;
}

/** Where a default of a link file comes from, for people: `.deploynix.json (production)`. */
export const linkOrigin = ({ chosen }: Pick<Link, 'chosen'>): string => (chosen?.name ? `${LINK_FILE} (${chosen.name})` : LINK_FILE);

/** The first problem in a link file. */
export function linkProblem(source: SettingsFile): DnxError | undefined {
  const places = [[], ...Object.keys(source.object('environments')).map((name) => ['environments', name])];
  return [
    ...['host', 'profile', 'default'].map((key) => source.problem('text', key)),
    environmentsProblem(source),
    ...places.flatMap((keys) => [
      ...(keys.length > 0 ? [source.problem('object', ...keys)] : []),
      ...(['server', 'site'] as const).map((key) => placeProblem(source, key, keys)),
      source.problem('flag', ...keys, 'confirm'),
    ]),
  ].find(Boolean);
}

/** The problem with the server or site at these keys: a name, or an object with an id and a name. */
export function placeProblem(source: SettingsFile, key: 'server' | 'site', keys: readonly string[] = []): DnxError | undefined {
  const path = [...keys, key];
  if (!isObject(source.object(...keys)[key])) return source.problem('text', ...path);
  const wrong = placeKeys.map((each) => source.problem('text', ...path, each)).find(Boolean);
  const id = source.text(...path, 'id');
  const unusable = id !== undefined && !isUsableId(id);
  return wrong ?? (unusable ? usage(`${path.join('.')}.id in ${source.file} is not an id.`, 'Fix it with: dnx link') : undefined);
}

/** The most unknown keys that are named, and the most characters of each. */
const MOST_KEYS = 5;
const LONGEST_KEY = 200;

/** A warning for each unknown key. Keys such as `$schema` are for other programs. */
export function unknownKeys(source: SettingsFile): readonly string[] {
  const environments = Object.keys(source.object('environments'));
  const places = (keys: readonly string[]) => ['server', 'site'].flatMap((key) => unknownIn(source, [...keys, key], placeKeys));
  const unknown = [
    ...unknownIn(source, [], linkKeys),
    ...places([]),
    ...environments.flatMap((name) => [...unknownIn(source, ['environments', name], environmentKeys), ...places(['environments', name])]),
    ...(environments.length > 0 ? ignoredBeside(source) : []),
  ];
  const more = unknown.length - MOST_KEYS;
  return more > 0 ? [...unknown.slice(0, MOST_KEYS), `${LINK_FILE} has ${more} more keys that are not settings.`] : unknown;
}

function unknownIn(source: SettingsFile, keys: readonly string[], known: readonly string[]): readonly string[] {
  return Object.keys(source.object(...keys))
    .filter((key) => !key.startsWith('$') && !known.includes(key))
    .map((key) => `'${shortened([...keys, key].join('.'))}' in ${LINK_FILE} is not a setting.${didYouMean(key, known)}`);
}

const shortened = (key: string): string => (key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key);

/** A site at the top level of a file with environments belongs to none of them. */
const ignoredBeside = (source: SettingsFile): readonly string[] =>
  ['server', 'site']
    .filter((key) => Object.hasOwn(source.object(), key))
    .map((key) => `'${key}' in ${LINK_FILE} is ignored, because the file has environments.`);
