import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getuid } from 'node:process';
import { attempt, type DnxError, systemCode, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { truthy } from '../env.ts';
import { readText } from '../files/text-file.ts';
import type { World } from '../world.ts';
import { openSettingsFile, type SettingsFile } from './config.ts';
import { previewKeys, previewProblem } from './preview.ts';

/** The name of a link file. */
export const LINK_FILE = '.deploynix.json';
/** A link file comes from a repository, so its size is not trusted. */
export const LINK_LIMIT_MB = 1;
const MOST_NAMES = 5;
const LONGEST_ID = 255;

/** The keys of a link file. `server` and `site` without environments are one unnamed environment. */
export const linkKeys = ['host', 'profile', 'server', 'site', 'confirm', 'default', 'environments', 'preview'] as const;
/** The keys of an environment in it. */
export const environmentKeys = ['server', 'site', 'confirm'] as const;
/** The keys of a server or site that is named by id, too. */
export const placeKeys = ['id', 'name'] as const;

/** A server or site in a link file. The id comes from a repository: a change checks first that it belongs to the name. */
export interface LinkedPlace {
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
  /** The branches of the project may have previews. */
  readonly hasPreviews: boolean;
}

/** Reads the environments of a link file. `wanted` is the one that the user named, if any. */
export function linkOf(source: SettingsFile, wanted: string | undefined): Link {
  const { file } = source;
  const hasPreviews = source.object().preview !== undefined;
  const unreadable = environmentsProblem(source);
  if (unreadable) {
    // If nothing could be read, whatever needs the server or site says so itself.
    const missing = wanted !== undefined || !source.problem('object') ? unreadable : undefined;
    return { file, environments: [], chosen: undefined, missing, broken: unreadable, hasPreviews };
  }
  const names = Object.keys(source.object('environments'));
  const environments = names.map((name) => environmentOf(source, name, 'environments', name));
  const all = environments.length > 0 ? environments : [environmentOf(source, '')];
  const name = wanted ?? (source.text('default') || (all.length === 1 ? all[0]?.name : undefined));
  const chosen = all.find((environment) => environment.name === name);
  const missing = chosen ? undefined : withoutEnvironment(file, name, names);
  const broken = names.map((key) => source.problem('object', 'environments', key)).find(Boolean);
  return { file, environments: all, chosen, missing, broken, hasPreviews };
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
  const values = source.object(...keys);
  const { confirm = false } = Object.hasOwn(values, 'confirm') ? values : source.object();
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
    previewProblem(source),
  ].find(Boolean);
}

/** The problem with the server or site at these keys: a name, or an object with an id and a name. */
export function placeProblem(source: SettingsFile, key: 'server' | 'site', keys: readonly string[] = []): DnxError | undefined {
  const path = [...keys, key];
  if (!isObject(source.object(...keys)[key])) return source.problem('text', ...path);
  const wrong = placeKeys.map((part) => source.problem('text', ...path, part)).find(Boolean);
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
    ...unknownInPreview(source),
    ...environments.flatMap((name) => [...unknownIn(source, ['environments', name], environmentKeys), ...places(['environments', name])]),
    ...(environments.length > 0 ? ignoredBeside(source) : []),
  ];
  const more = unknown.length - MOST_KEYS;
  return more > 0 ? [...unknown.slice(0, MOST_KEYS), `${LINK_FILE} has ${more} more keys that are not settings.`] : unknown;
}

/** A warning for each unknown key of `preview`. */
export const unknownInPreview = (source: SettingsFile): readonly string[] => unknownIn(source, ['preview'], previewKeys);

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

const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/** The nearest link file in a directory or its parents, up to the root of the Git repository. */
export const findLink = (from: string): string | undefined => findUp(LINK_FILE, from);

/** The nearest file of this name in a directory or its parents, up to the root of the Git repository. */
export function findUp(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, name);
    if (exists(file)) return file;
    if (directory === dirname(directory) || isRoot(directory)) return undefined;
  }
}

/** Where a new link file belongs: the root of the Git repository, or the directory itself. */
export function linkFileFor(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (isRoot(directory)) return join(directory, LINK_FILE);
    if (directory === dirname(directory)) return join(from, LINK_FILE);
  }
}

/** A worktree and a submodule have a file called `.git`. */
const isRoot = (directory: string): boolean => exists(join(directory, '.git'));

/** True also for a file that cannot be read, such as a circular link: that is reported, not skipped. */
function exists(file: string): boolean {
  try {
    // Ten times faster than catching ENOENT in every parent directory.
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !['ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '');
  }
}

/** Opens a link file. One that another user could have written counts as broken, because it chooses what is deployed. */
export const openLink = (file: string, world: Pick<World, 'env' | 'platform'>): SettingsFile =>
  openSettingsFile(file, LINK_LIMIT_MB, foreignProblem(file, world));

/**
 * The problem with a file of the project that someone else than the user and root could have written, as Git refuses another user's repository.
 * In CI the modes of a clone tell nothing: GitLab makes it writable for all, and in a container of GitHub it belongs to another user.
 */
export function foreignProblem(file: string, { env, platform }: Pick<World, 'env' | 'platform'>): DnxError | undefined {
  const user = platform === 'win32' ? undefined : getuid?.();
  if (user === undefined || truthy(env.CI)) return undefined;
  // If that fails, whoever reads the file says why.
  return attempt(() => {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found && !statSync(file).isFile()) return undefined;
    const paths = found?.isSymbolicLink() ? [file, realpathSync(file)] : [file];
    return paths.map((path) => foreignPath(path, user)).find((problem) => problem !== undefined);
  });
}

function foreignPath(file: string, user: number): DnxError | undefined {
  const directory = dirname(file);
  const places = [
    [file, file, lstatSync(file, { throwIfNoEntry: false })],
    [directory, `the directory of ${file}`, statSync(directory)],
  ] as const;
  for (const [path, name, stats] of places) {
    if (!stats) continue;
    if (stats.uid !== user && stats.uid !== 0)
      return usage(`Another user owns ${name}, so it is ignored.`, `To use it: sudo chown ${user} ${quoted(path)}`);
    if (isShared(stats, user)) return usage(`Others can write to ${name}, so it is ignored.`, `To use it: chmod go-w ${quoted(path)}`);
  }
  return undefined;
}

/** True if others can write to a file, or replace the files of a directory. */
function isShared(stats: Stats, user: number): boolean {
  const { mode, uid, gid } = stats;
  // The mode of a symbolic link tells nothing, and in a directory as /tmp each file is its owner's.
  if (stats.isSymbolicLink() || (stats.isDirectory() && (mode & STICKY) !== 0)) return false;
  const byGroup = (mode & WRITABLE_BY_GROUP) !== 0 && !(uid === user && isPrivateGroup(gid, user));
  return (mode & WRITABLE_BY_ALL) !== 0 || byGroup;
}

/** True for the group of one user that most systems create with that user, whose files then have mode 664. */
function isPrivateGroup(gid: number, user: number): boolean {
  if (gid !== user) return false;
  const [, name, members] = new RegExp(`^([^:]*):[^:]*:${gid}:(.*)$`, 'm').exec(readText('/etc/group') ?? '') ?? [];
  return members === '' || (members !== undefined && members === name);
}
