import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DnxError, systemCode, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Source } from './sources.ts';

/** The name of a link file. */
export const LINK_FILE = '.deploynix.json';
/** A link file comes from a repository, so its size is not trusted. */
export const LINK_LIMIT_MB = 1;
/** The most unknown keys that are named. */
const MOST_KEYS = 5;

/** The keys of a link file. `server` and `site` without environments are one unnamed environment. */
export const linkKeys = ['host', 'profile', 'server', 'site', 'confirm', 'default', 'environments'] as const;
/** The keys of an environment in it. */
export const environmentKeys = ['server', 'site', 'confirm'] as const;
/** The keys of a server or site that is named by id, too. */
const placeKeys = ['id', 'name'] as const;

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
}

/** The nearest link file in a directory or its parents, up to the root of the Git repository. */
export function findLink(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, LINK_FILE);
    if (exists(file)) return file;
    if (directory === dirname(directory) || exists(join(directory, '.git'))) return undefined;
  }
}

/** True also for a file that cannot be read, such as a circular link: that is reported, not skipped. */
function exists(file: string): boolean {
  try {
    // Ten times faster than catching ENOENT in every parent directory.
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !['ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '');
  }
}

/** Reads the environments of a link file. `wanted` is the one that the user named, if any. */
export function linkOf(source: Source, wanted: string | undefined): Link {
  const named = Object.keys(source.object('environments'));
  const environments =
    named.length > 0 ? named.map((name) => environmentOf(source, name, 'environments', name)) : [environmentOf(source, '')];
  const [only, ...others] = environments;
  const name = wanted ?? source.text('default') ?? (others.length === 0 ? only?.name : undefined);
  const chosen = environments.find((each) => each.name === name);
  if (chosen || (name === undefined && named.length === 0)) return { file: source.file, environments, chosen, missing: undefined };
  const broken = source.problem('object', 'environments');
  return { file: source.file, environments, chosen, missing: broken ?? withoutEnvironment(source.file, name, named) };
}

function environmentOf(source: Source, name: string, ...keys: readonly string[]): LinkEnvironment {
  const place = (key: 'server' | 'site'): LinkedPlace => ({
    id: source.text(...keys, key, 'id'),
    name: source.text(...keys, key, 'name') ?? source.text(...keys, key),
  });
  return { name, server: place('server'), site: place('site'), confirm: source.object(...keys).confirm === true };
}

function withoutEnvironment(file: string, name: string | undefined, known: readonly string[]): DnxError {
  if (name === undefined) return usage(`${file} has no default environment.`, `Use --env with one of ${known.join(', ')}.`);
  if (known.length === 0)
    return usage(`${file} has no environment '${name}', because it names a single site.`, 'Leave out --env and DNX_ENV.');
  return usage(`${file} has no environment '${name}'.${didYouMean(name, known)}`, `It has ${known.join(', ')}.`);
}

/** The error for an environment without a link file. */
export const withoutLink = (name: string): DnxError =>
  usage(`No environment '${name}': ${LINK_FILE} was not found in this directory or above it.`, 'Create it with: dnx link');

/** The first problem in a link file. */
export function linkProblem(source: Source): DnxError | undefined {
  const places = [[], ...Object.keys(source.object('environments')).map((name) => ['environments', name])];
  return [
    ...['host', 'profile', 'default'].map((key) => source.problem('text', key)),
    source.problem('object', 'environments'),
    ...places.flatMap((keys) => [...(keys.length > 0 ? [source.problem('object', ...keys)] : []), ...placeProblems(source, keys)]),
  ].find(Boolean);
}

/** The problem with the server or site at these keys: a name, or an object with an id and a name. */
export function placeProblem(source: Source, key: 'server' | 'site', keys: readonly string[] = []): DnxError | undefined {
  const path = [...keys, key];
  const value = source.object(...keys)[key];
  return isObject(value) ? placeKeys.map((each) => source.problem('text', ...path, each)).find(Boolean) : source.problem('text', ...path);
}

const placeProblems = (source: Source, keys: readonly string[]) =>
  (['server', 'site'] as const).map((key) => placeProblem(source, key, keys));

/** A warning for each unknown key. Keys such as `$schema` are for other programs. */
export function unknownKeys(source: Source): readonly string[] {
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

function unknownIn(source: Source, keys: readonly string[], known: readonly string[]): readonly string[] {
  return Object.keys(source.object(...keys))
    .filter((key) => !key.startsWith('$') && !known.includes(key))
    .map((key) => `'${[...keys, key].join('.')}' in ${LINK_FILE} is not a setting.${didYouMean(key, known)}`);
}

/** A site at the top level of a file with environments belongs to none of them. */
const ignoredBeside = (source: Source): readonly string[] =>
  environmentKeys
    .filter((key) => Object.hasOwn(source.object(), key))
    .map((key) => `'${key}' in ${LINK_FILE} is ignored, because the file has environments.`);
