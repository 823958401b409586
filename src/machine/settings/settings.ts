import { dirname, join } from 'node:path';
import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { readJson } from '../files/json-file.ts';
import { readText } from '../files/text-file.ts';
import type { Env, World } from '../world.ts';
import { type Format, formats } from './format.ts';
import { type Origin, openPrecedence, type SettingName } from './precedence.ts';

/** What one profile remembers. Everything is optional; a token is never here. */
export interface Profile {
  readonly host?: string;
  readonly server?: string;
  readonly site?: string;
  readonly output?: string;
}

/** Where a token lies and what was known when it was stored. The token itself is in the keychain, or in the insecure file. */
export interface Account {
  readonly store: 'keychain' | 'file';
  readonly stored_at: string;
  readonly user?: string;
  readonly abilities?: readonly string[];
}

/** The settings file, `config.json`. Accounts are keyed `profile@host`. */
export interface Config {
  readonly profile?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
  readonly accounts?: Readonly<Record<string, Account>>;
}

/** The project's link file: which server and site this directory is about. No secrets, safe to commit. */
export interface Link {
  readonly host?: string;
  readonly profile?: string;
  readonly server?: string;
  readonly site?: string;
}

export interface Directories {
  readonly config: string;
  readonly cache: string;
  readonly state: string;
}

/** The options of every command that decide how it runs, as given on the command line. */
export interface Given {
  readonly profile?: string | undefined;
  readonly host?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
  readonly input?: boolean | undefined;
  readonly color?: boolean | undefined;
}

export interface Settings {
  readonly profile: string;
  /** `https://deploynix.io`, without a path. */
  readonly host: string;
  readonly server: string | undefined;
  readonly site: string | undefined;
  readonly format: Format;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** False where nobody may be asked: `--no-input`, `--json`, DNX_NO_INPUT or CI. */
  readonly input: boolean;
  readonly config: Config;
  readonly directories: Directories;
  /** Where each setting that can be set came from; one that is not set is not here. */
  readonly origins: Readonly<Partial<Record<SettingName, Origin>>>;
  /** The nearest link file's path, when there is one. */
  readonly linkFile: string | undefined;
}

export const DEFAULT_HOST = 'https://deploynix.io';
export const DEFAULT_PROFILE = 'default';
const LINK_FILE = '.deploynix.json';

/** Reads every file and variable that decides how a command runs. */
export function readSettings(world: Pick<World, 'env' | 'cwd' | 'home'>, given: Given): Settings {
  const { env } = world;
  const directories = directoriesOf(world);
  const config = readConfig(directories.config);
  const linkFile = findLink(world.cwd);
  const link = linkFile ? readJson<Link>(linkFile) : {};
  const { choose, explain, origins } = openPrecedence();
  const profile =
    choose('profile', {
      option: given.profile,
      environment: env.DNX_PROFILE,
      'link file': link.profile,
      profile: config.profile,
      default: DEFAULT_PROFILE,
    }) ?? DEFAULT_PROFILE;
  const stored = config.profiles?.[profile] ?? {};
  const setting = (name: 'host' | 'server' | 'site' | 'output', option?: string, fallback?: string) =>
    choose(name, {
      option,
      environment: env[`DNX_${name.toUpperCase()}`],
      'link file': name === 'output' ? undefined : link[name],
      profile: stored[name],
      default: fallback,
    });
  const json = given.json || given.output === 'json';
  return {
    profile,
    host: explain('host', () => hostOf(setting('host', given.host, DEFAULT_HOST) ?? DEFAULT_HOST), DEFAULT_HOST),
    server: setting('server'),
    site: setting('site'),
    format: explain('output', () => formatOf(setting('output', json ? 'json' : given.output, 'table') ?? 'table'), 'table'),
    quiet: given.quiet ?? false,
    debug: given.debug ?? truthy(env.DNX_DEBUG),
    input: given.input !== false && !json && !truthy(env.DNX_NO_INPUT) && !truthy(env.CI),
    config,
    directories,
    origins,
    linkFile,
  };
}

/** The directories that dnx writes to: DNX_*_DIR, else XDG. */
export function directoriesOf(world: Pick<World, 'env' | 'home'>): Directories {
  const { env } = world;
  const place = (own: string, xdg: string, fallback: string) => env[own] || join(env[xdg] || join(world.home, fallback), 'dnx');
  return {
    config: place('DNX_CONFIG_DIR', 'XDG_CONFIG_HOME', '.config'),
    cache: place('DNX_CACHE_DIR', 'XDG_CACHE_HOME', '.cache'),
    state: place('DNX_STATE_DIR', 'XDG_STATE_HOME', '.local/state'),
  };
}

/** The settings file. An entry of another shape is refused like a broken file. */
export function readConfig(directory: string): Config {
  const file = join(directory, 'config.json');
  const config = readJson<Config>(file);
  for (const key of ['profiles', 'accounts'] as const) {
    const { [key]: entries = {} } = config;
    const wrong = isObject(entries) ? Object.keys(entries).find((name) => !isObject(entries[name])) : '';
    if (wrong !== undefined) throw usage(`${[key, wrong].filter(Boolean).join('.')} in ${file} is not an object.`, 'Fix or remove it.');
  }
  return config;
}

/** A switch in the environment: set, and not to something that means no. */
export const truthy = (value: Env[string]): boolean => value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());

/** The origin of the API. A token must not travel in the clear, so plain http is refused except to this machine. */
export function hostOf(value: string): string {
  const url = tryUrl(value.includes('://') ? value : `https://${value}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || !url.hostname)
    throw usage(`“${value}” is not a host.`, 'Give a URL such as https://deploynix.io.');
  if (url.username || url.password) throw usage('A host must not hold a user name or password.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(`Refusing to send a token in the clear to ${url.origin}.`, `Use https://${url.host}.`);
  }
  return url.origin;
}

/** True for a name of this very machine. */
export const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);

function tryUrl(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

/** One of the formats, or a usage error that lists them. */
export function formatOf(value: string): Format {
  const known = formats.find((format) => format === value);
  if (!known) throw usage(`Unknown output format “${value}”.`, `Use one of ${formats.join(', ')}.`);
  return known;
}

function findLink(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const file = join(directory, LINK_FILE);
    if (readText(file) !== undefined) return file;
    if (directory === dirname(directory)) return undefined;
  }
}
