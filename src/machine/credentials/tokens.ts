import { join } from 'node:path';
import { DnxError, usage } from '../../base/errors.ts';
import { type Account, DEFAULT_HOST, DEFAULT_PROFILE, readConfig, type Settings } from '../settings/settings.ts';
import type { Keychain, World } from '../world.ts';
import { accountName } from './account.ts';
import { type InsecureFile, insecureFile } from './insecure-file.ts';

/** Where a token came from. `variable` is DNX_TOKEN, which wins over everything stored. */
export type Source = 'variable' | 'keychain' | 'file';

/** A token in plain text, and where it came from. */
export interface HeldToken {
  readonly token: string;
  readonly source: Source;
}

/** The token of one profile at one host. */
export interface Tokens {
  /** `profile@host`, as the keychain knows it. */
  readonly account: string;
  find(): Promise<HeldToken | undefined>;
  /** The token, or a DnxError that says how to sign in. Read once in a process. */
  token(): Promise<string>;
  store(token: string, known: Omit<Account, 'store' | 'stored_at'>, options: { readonly insecure: boolean }): Promise<Source>;
  /** Forgets what is stored here; false when there was nothing. */
  forget(): Promise<boolean>;
  /** What is known of the token that is stored here. Undefined: nothing is stored. The keychain is not touched. */
  readonly known: Account | undefined;
  /** Throws what stands in the way of storing a token here, before there is one to lose. */
  probe(options: { readonly insecure: boolean }): Promise<void>;
  /** The token of another profile or host. */
  of(place: { readonly profile: string; readonly host: string }): Tokens;
}

/** The file, in the configuration directory, that holds tokens in the clear where that was asked for. */
export const INSECURE_FILE = 'tokens.json';

interface Options {
  readonly world: Pick<World, 'env' | 'keychain' | 'clock' | 'signal'>;
  readonly settings: Pick<Settings, 'profile' | 'host' | 'directories' | 'config' | 'origins'>;
  readonly warn: (line: string) => void;
}

/** The tokens of a profile and host. What is found is remembered, so that a keychain is asked once. */
export function openTokens(options: Options): Tokens {
  const { world, settings } = options;
  const directory = settings.directories.config;
  const account = accountName(settings);
  const file = insecureFile(join(directory, INSECURE_FILE), world);
  const known = () => readConfig(directory).accounts?.[account];
  let found: Promise<HeldToken | undefined> | undefined;
  const find = () => {
    found ??= findToken(options, file);
    return found;
  };
  return {
    account,
    find,
    get known() {
      return known();
    },
    async probe({ insecure }) {
      if (insecure) file.prepare();
      else await world.keychain.read(account);
    },
    of: (place) => openTokens({ ...options, settings: { ...settings, ...place } }),
    async token() {
      const held = await find();
      if (!held) throw notSignedIn(settings);
      return held.token;
    },
    async store(token, details, { insecure }) {
      const stored_at = new Date(world.clock.now()).toISOString();
      const entry: Account = { ...details, store: insecure ? 'file' : 'keychain', stored_at };
      if (insecure) await file.write(account, token);
      else await keep(world.keychain, account, token);
      await remember(options, entry);
      found = Promise.resolve({ token, source: entry.store });
      return entry.store;
    },
    async forget() {
      const entry = known();
      if (!entry) return false;
      if (entry.store === 'keychain') await world.keychain.remove(account);
      else await file.remove(account);
      await remember(options, undefined);
      found = undefined;
      return true;
    },
  };
}

/** Token order: DNX_TOKEN, then where the settings say that this account's token lies. The keychain is not touched otherwise. */
async function findToken({ world, settings, warn }: Options, file: InsecureFile): Promise<HeldToken | undefined> {
  const variable = world.env.DNX_TOKEN?.trim();
  if (variable) {
    refuseStranger(settings);
    return { token: variable, source: 'variable' };
  }
  const account = accountName(settings);
  const known = settings.config.accounts?.[account];
  if (known?.store === 'keychain') {
    const token = await world.keychain.read(account);
    return token === undefined ? undefined : { token, source: 'keychain' };
  }
  if (known?.store === 'file') {
    const token = file.read(account);
    if (token === undefined) return undefined;
    warn(`The token is stored in the clear in ${file.path}.`);
    return { token, source: 'file' };
  }
  return undefined;
}

/** A keychain that says yes and keeps nothing must not cost the only copy. */
async function keep(keychain: Keychain, account: string, token: string): Promise<void> {
  await keychain.write(account, token);
  if ((await keychain.read(account)) === token) return;
  throw new DnxError('failed', 'The keychain took the token, but does not give it back.');
}

/** Notes in the settings where the token lies, or that there is none. */
async function remember({ world, settings }: Options, entry: Account | undefined): Promise<void> {
  const account = accountName(settings);
  const { editConfig } = await import('../settings/config-file.ts');
  await editConfig(settings.directories.config, world, (config) => {
    const { [account]: _, ...others } = config.accounts ?? {};
    return { ...config, accounts: entry ? { ...others, [account]: entry } : others };
  });
}

/** The command that signs in to this profile and host. */
export const loginLine = ({ profile, host }: Pick<Settings, 'profile' | 'host'>): string =>
  ['dnx login', profile !== DEFAULT_PROFILE && `--profile ${profile}`, host !== DEFAULT_HOST && `--host ${host}`].filter(Boolean).join(' ');

/** Names the tokens that there are elsewhere: a forgotten `--host` looks like being signed out. */
function notSignedIn(settings: Options['settings']): DnxError {
  const { profile, host, config } = settings;
  const accounts = Object.keys(config.accounts ?? {});
  const elsewhere = accounts.length === 0 ? '' : `\nThere is a token for: ${accounts.join(', ')}. Choose with --profile and --host.`;
  return new DnxError('unauthenticated', `Not signed in to ${host}${profile === DEFAULT_PROFILE ? '' : ` as profile ${profile}`}.`, {
    hint: `Sign in with: ${loginLine(settings)}   (in CI: set DNX_TOKEN)${elsewhere}`,
  });
}

/** A link file comes with whatever repository was cloned: it must not direct DNX_TOKEN to a host of its choosing. */
function refuseStranger({ host, origins }: Pick<Settings, 'host' | 'origins'>): void {
  if (origins.host !== 'link file' || host === DEFAULT_HOST) return;
  throw usage(`DNX_TOKEN would be sent to ${host}, which only the project's link file names.`, `If that is right: DNX_HOST=${host}`);
}
