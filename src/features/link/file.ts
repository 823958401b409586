import { lstatSync } from 'node:fs';
import { relative } from 'node:path';
import { DnxError, isError, systemReason, usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own, toJson } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { writeText } from '../../machine/files/text-file.ts';
import { environmentKeys, environmentsProblem, linkFileFor, openLink } from '../../machine/settings/link.ts';
import type { World } from '../../machine/world.ts';
import type { Target } from '../../platform/names/names.ts';

/** A link file is committed, so others may read it. */
const MODE = 0o644;

/** The content of a link file, to change it. */
export interface LinkFile {
  readonly path: string;
  /** All of it; empty if the file does not exist yet. */
  readonly content: JsonObject;
  /** The environments, as they are written there. */
  readonly environments: JsonObject;
  /** The name of the default environment, if it has one. It may not exist yet. */
  readonly default: string | undefined;
  /** True if its only site had no environment yet, and is in `environments` now. */
  readonly converted: boolean;
}

/** Opens the link file in effect, or a new one at the root of the repository. Fails if it cannot be read. */
export function openLinkFile({ link }: Pick<Context['settings'], 'link'>, world: Pick<World, 'cwd' | 'env' | 'platform'>): LinkFile {
  const path = link?.file ?? linkFileFor(world.cwd);
  const source = openLink(path, world);
  const problem = environmentsProblem(source);
  if (problem)
    throw lstatSync(path, { throwIfNoEntry: false })
      ? problem.withHint(problem.hint, { command: ['unlink', '--yes'], why: 'Remove it with' })
      : problem;
  const content = source.object();
  const named = source.object('environments');
  const single = Object.keys(named).length === 0 ? ofSingle(content) : undefined;
  const converted = single !== undefined;
  const environments = single ? { [FIRST]: single } : named;
  const names = Object.keys(environments);
  const chosen = converted ? FIRST : source.text('default') || (names.length === 1 ? names[0] : undefined);
  return { path, content, environments, default: chosen, converted };
}

/** Writes a link file, unless it already says so. Refuses a symbolic link, which could lead out of the repository. */
export function writeLinkFile({ path, content }: Pick<LinkFile, 'path' | 'content'>, changed: JsonObject): void {
  if (toJson(content) === toJson(changed)) return;
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw usage(`${path} is a symbolic link. Nothing was changed.`, 'Replace it with a file.');
    writeText(path, `${toJson(changed, 2)}\n`, { mode: MODE });
  } catch (error) {
    if (isError(error)) throw error;
    throw notWritten(path, error);
  }
}

/** The error of a file that the system does not let dnx write or remove. */
export const notWritten = (path: string, error: unknown): DnxError =>
  new DnxError('failed', `Could not change ${path}: ${systemReason(error) ?? 'unknown error'}.`, { cause: error });

/** A path as a person in this directory types it. */
export const shownPath = (path: string, cwd: string): string => relative(cwd, path) || path;

/** The environment of a first site, and of a file that names a single one. */
const FIRST = 'production';

function ofSingle(content: JsonObject): JsonObject | undefined {
  const single = entriesOf(content, (key) => isOneOf(environmentKeys, key));
  return single.some(([key]) => key !== 'confirm') ? Object.fromEntries(single) : undefined;
}

/** The environment to write: the one that the user named, the default, or the first. */
export function environmentToLink({ path, environments, default: own }: LinkFile, wanted: string | undefined): string {
  const names = Object.keys(environments);
  const name = wanted ?? own ?? (names.length === 0 ? FIRST : undefined);
  if (name === undefined) throw usage(`${path} has no default environment.`, `Use --env with one of ${names.join(', ')}, or a new name.`);
  if (!Object.hasOwn(environments, name) && !/^\w[\w.-]{0,63}$/.test(name))
    throw usage(`'${name}' cannot be the name of an environment.`, 'Use letters, digits, dots, - and _.');
  return name;
}

/** A site and its server, as far as they are named. */
export type NamedSite = Readonly<Record<'server' | 'site', Partial<Target>>>;

/** The site of an environment; undefined if it names none. */
export function siteIn({ environments }: LinkFile, name: string): NamedSite | undefined {
  const environment = own(environments, name);
  const site = placeIn(environment, 'site');
  return site && { site, server: placeIn(environment, 'server') ?? {} };
}

function placeIn(environment: unknown, key: 'server' | 'site'): Partial<Target> | undefined {
  const value = isObject(environment) ? own(environment, key) : undefined;
  if (!isObject(value)) return wordOf(value) === '' ? undefined : { label: wordOf(value) };
  const [id, label] = [wordOf(own(value, 'id')), wordOf(own(value, 'name'))];
  return id === '' && label === '' ? undefined : { ...(id !== '' && { id }), label: label || id };
}

/** The content with another environment, and with another default if it is given. Keys that dnx does not know are kept. */
export function withEnvironments({ content, converted }: LinkFile, environments: JsonObject, chosen: string | undefined): JsonObject {
  const kept = entriesOf(content, (key) => !(converted && isOneOf(environmentKeys, key)));
  const has = (key: string) => kept.some(([each]) => each === key);
  const first: Entry[] = chosen === undefined ? [] : [['default', chosen]];
  const both = (key: string): readonly Entry[] =>
    key === 'default' ? first : [...(has('default') ? [] : first), ['environments', environments]];
  const entries = kept.flatMap((entry) => (isOneOf(['default', 'environments'], entry[0]) ? both(entry[0]) : [entry]));
  return Object.fromEntries(has('environments') ? entries : [...entries, ...both('environments')]);
}

/** An object with one more field, also if it is called `__proto__`. */
export const withField = (object: JsonObject, key: string, value: unknown): JsonObject =>
  Object.fromEntries(
    Object.hasOwn(object, key)
      ? Object.entries(object).map(([each, old]) => [each, each === key ? value : old])
      : [...Object.entries(object), [key, value]],
  );

type Entry = readonly [key: string, value: unknown];

const entriesOf = (object: JsonObject, wanted: (key: string) => boolean): readonly Entry[] =>
  Object.entries(object).filter(([key]) => wanted(key));

const isOneOf = (keys: readonly string[], key: string): boolean => keys.includes(key);
