import { join, resolve } from 'node:path';
import { type DnxError, isError, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { readJson } from '../files/text-file.ts';

/** The settings of one profile. Never contains a token. */
export interface Profile {
  readonly host?: string;
  readonly server?: string;
  readonly site?: string;
  readonly output?: string;
}

/** Where a token is stored, with details from that time. The token itself is in the keychain or the insecure file. */
export interface Account {
  readonly store: 'keychain' | 'file';
  readonly stored_at: string;
  readonly user?: string;
  readonly abilities?: readonly string[];
}

/** A profile and a host. */
export interface Identity {
  readonly profile: string;
  readonly host: string;
}

/** The account name in the keychain and the settings: `profile@host`. */
export const accountName = ({ profile, host }: Identity): string => `${profile}@${host}`;

/** Parses an account name. A profile may contain `@`, a host does not. */
export function accountNamed(name: string): Identity {
  const at = name.lastIndexOf('@');
  return { profile: name.slice(0, at), host: name.slice(at + 1) };
}

/** The settings file, `config.json`. Accounts are keyed `profile@host`. */
export interface Config {
  readonly profile?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
  readonly accounts?: Readonly<Record<string, Account>>;
  /** The profile of a directory, and of those below it, by its real path. */
  readonly directories?: Readonly<Record<string, string>>;
}

/** The profile that every user has. */
export const DEFAULT_PROFILE = 'default';

/** Every profile that has settings or a token. */
export function profileNames({ accounts, profiles }: Config): readonly string[] {
  const signedIn = Object.keys(accounts ?? {}).map((name) => accountNamed(name).profile);
  return [...new Set([DEFAULT_PROFILE, ...Object.keys(profiles ?? {}), ...signedIn])];
}

const profileKeys = ['host', 'server', 'site', 'output'] as const;

/** The name of the settings file. */
export const CONFIG_FILE = 'config.json';

/** Reads the valid parts of the settings file. */
export const readConfig = (directory: string): Config => configIn(openSettingsFile(join(directory, CONFIG_FILE)));

/** The valid parts of a settings file. */
export function configIn(source: SettingsFile): Config {
  const profile = source.text('profile');
  const entries = (key: string) => Object.entries(source.object(key)).filter(([, entry]) => isObject(entry));
  const profiles = entries('profiles').map(([name]): [string, Profile] => [
    name,
    Object.fromEntries(profileKeys.map((key) => [key, source.text('profiles', name, key)]).filter(([, value]) => value !== undefined)),
  ]);
  const accounts = entries('accounts') as [string, Account][];
  const directories = Object.keys(source.object('directories')).flatMap((path) => {
    const name = source.text('directories', path);
    return name === undefined || !isPlain(path) ? [] : [[path, name] as const];
  });
  return {
    ...(profile !== undefined && { profile }),
    profiles: Object.fromEntries(profiles),
    accounts: Object.fromEntries(accounts),
    directories: Object.fromEntries(directories),
  };
}

/** True for a directory as `auth switch --here` writes it. In another spelling, that would not find it again. */
const isPlain = (path: string): boolean => resolve(path) === path;

/** The first problem with the directories of a settings file. */
export function directoriesProblem(source: SettingsFile): DnxError | undefined {
  const wrong = Object.keys(source.object('directories')).find((path) => !isPlain(path));
  return (
    source.problem('object', 'directories') ??
    (wrong === undefined ? undefined : usage(`directories.${wrong} in ${source.file} must be an absolute path as dnx writes it.`, FIX))
  );
}

/** The first problem in a settings file. Nothing is written to a file that has one, but for its repair. */
export function configProblem(source: SettingsFile): DnxError | undefined {
  const entries = (key: string) => [
    source.problem('object', key),
    ...Object.keys(source.object(key)).map((name) => source.problem('object', key, name)),
  ];
  const texts = Object.keys(source.object('profiles')).flatMap((name) =>
    profileKeys.map((key) => source.problem('text', 'profiles', name, key)),
  );
  return [
    source.problem('text', 'profile'),
    ...entries('profiles'),
    ...texts,
    ...entries('accounts'),
    directoriesProblem(source),
    ...Object.keys(source.object('directories')).map((path) => source.problem('text', 'directories', path)),
  ].find(Boolean);
}

/** A settings file without a problem as dnx writes it: an id without quotes becomes text, as `configIn` reads it. Unknown keys stay. */
export const normalizedConfig = (content: object): JsonObject =>
  mapped(content, (value, key) => {
    if (key === 'profile') return String(value);
    if (key === 'directories') return mapped(value, String);
    return key === 'profiles' ? mapped(value, (profile) => mapped(profile, textOfProfile)) : value;
  });

const textOfProfile = (value: unknown, key: string): unknown => (profileKeys.some((known) => known === key) ? String(value) : value);

const mapped = (object: unknown, change: (value: unknown, key: string) => unknown): JsonObject =>
  Object.fromEntries(Object.entries(object as object).map(([key, value]) => [key, change(value, key)]));

/** The readable parts of a settings or link file. */
export type SettingsFile = ReturnType<typeof settingsIn>;

const FIX = 'Fix or remove it.';

/** The longest text, in characters: a link file comes from a repository, and errors repeat its names. */
const LONGEST = 1_000;

/** Reads a settings or link file. Never throws for a broken file; `problem` returns the error. `refused`: why it is not read. */
export const openSettingsFile = (file: string, limitMb?: number, refused?: DnxError): SettingsFile =>
  settingsIn(file, () => readJson(file, limitMb), refused);

/** The settings that `read` returns; if it throws, those of a broken file. `file`: its name in errors. */
export function settingsIn(file: string, read: () => object, refused?: DnxError) {
  let broken = refused;
  let content: object = {};
  try {
    if (!refused) content = read();
  } catch (error) {
    if (!isError(error)) throw error;
    broken = error;
  }
  // Only own fields: a profile may be called `constructor`.
  const at = (keys: readonly string[]): unknown =>
    keys.reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), content);
  return {
    file,
    object(...keys: readonly string[]): JsonObject {
      const value = at(keys);
      return isObject(value) ? value : {};
    },
    /** The text at these keys. A number counts as text, because ids are sometimes written without quotes. */
    text(...keys: readonly string[]): string | undefined {
      const value = at(keys);
      return isText(value) ? String(value) : undefined;
    },
    /** The problem with the file, or with the text, object or flag at these keys. */
    problem(kind: keyof typeof values, ...keys: readonly string[]): DnxError | undefined {
      if (broken) return broken;
      const paths = keys.map((_, index) => keys.slice(0, index + 1));
      const isWrong = (path: readonly string[]) => {
        const value = at(path);
        return value !== undefined && !values[path.length === keys.length ? kind : 'object'].fits(value);
      };
      const wrong = paths.find(isWrong);
      if (!wrong) return undefined;
      const expected = wrong.length < keys.length ? 'object' : kind;
      const tooLong = expected === 'text' && isTextOfAnyLength(at(wrong));
      return usage(
        `${wrong.join('.')} in ${file} ${tooLong ? `is longer than ${LONGEST} characters` : `must be ${values[expected].name}`}.`,
        FIX,
      );
    },
  };
}

const isTextOfAnyLength = (value: unknown): boolean => ['string', 'number', 'bigint'].includes(typeof value);
const isText = (value: unknown): boolean => isTextOfAnyLength(value) && String(value).length <= LONGEST;

const values = {
  text: { name: 'a string', fits: isText },
  object: { name: 'an object', fits: isObject },
  flag: { name: 'true or false', fits: (value: unknown) => typeof value === 'boolean' },
} as const;
