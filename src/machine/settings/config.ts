import { join } from 'node:path';
import type { DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { openSource, type Source } from './sources.ts';

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

/** The settings file, `config.json`. Accounts are keyed `profile@host`. */
export interface Config {
  readonly profile?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
  readonly accounts?: Readonly<Record<string, Account>>;
}

const profileKeys = ['host', 'server', 'site', 'output'] as const;

/** The name of the settings file. */
export const CONFIG_FILE = 'config.json';

/** Reads the valid parts of the settings file. */
export const readConfig = (directory: string): Config => configIn(openSource(join(directory, CONFIG_FILE)));

/** The valid parts of a settings file. */
export function configIn(source: Source): Config {
  const profile = source.text('profile');
  const entries = (key: string) => Object.entries(source.object(key)).filter(([, entry]) => isObject(entry));
  const profiles = entries('profiles').map(([name]): [string, Profile] => [
    name,
    Object.fromEntries(profileKeys.map((key) => [key, source.text('profiles', name, key)]).filter(([, value]) => value !== undefined)),
  ]);
  const accounts = entries('accounts') as [string, Account][];
  return { ...(profile !== undefined && { profile }), profiles: Object.fromEntries(profiles), accounts: Object.fromEntries(accounts) };
}

/** The first problem in a settings file. Checks the values of this profile only. */
export function configProblem(source: Source, profile: string): DnxError | undefined {
  const entries = (key: string) => [
    source.problem('object', key),
    ...Object.keys(source.object(key)).map((name) => source.problem('object', key, name)),
  ];
  const own = profileKeys.map((key) => source.problem('text', 'profiles', profile, key));
  return [source.problem('text', 'profile'), ...own, ...entries('profiles'), ...entries('accounts')].find(Boolean);
}
