import { join } from 'node:path';
import { DnxError, isError } from '../../base/errors.ts';
import { tokenFingerprint } from '../../base/secrets.ts';
import { quoted } from '../../base/shell.ts';
import type { Session } from '../lease.ts';
import { type Account, accountName, DEFAULT_PROFILE, readConfig } from '../settings/config.ts';
import { DEFAULT_HOST, hostName, isLoopback, profileNote } from '../settings/host.ts';
import type { Settings } from '../settings/settings.ts';
import type { Attendant, World } from '../world.ts';
import { type InsecureFile, insecureFile } from './token-file.ts';

/** Where a token came from. `variable` is DNX_TOKEN, which overrides stored tokens. */
export type TokenSource = 'variable' | 'keychain' | 'file';

/** A token in plain text, and where it came from. */
export interface HeldToken {
  readonly token: string;
  readonly source: TokenSource;
}

/** The token of one profile at one host. */
export interface Tokens {
  /** `profile@host`, as the keychain knows it. */
  readonly account: string;
  find(): Promise<HeldToken | undefined>;
  stored(): Promise<HeldToken | undefined>;
  /** The token, read once per process. Throws a DnxError that says how to sign in. */
  token(): Promise<string>;
  store(token: string, known: Omit<Account, 'store' | 'stored_at'>, options: { readonly insecure: boolean }): Promise<TokenSource>;
  /** Removes the stored token, also from the insecure file; false if there was none. */
  forget(): Promise<boolean>;
  /** The account entry in the settings; undefined if no token is stored. Does not open the keychain. */
  readonly known: Account | undefined;
  /** Throws if a token could not be stored. Called before one is created. */
  probe(options: { readonly insecure: boolean }): Promise<void>;
  readonly file: string;
  of(place: { readonly profile: string; readonly host: string }): Tokens;
}

/** The file for unencrypted tokens, in the config directory. */
export const INSECURE_FILE = 'tokens.json';

interface TokensOptions {
  readonly world: Pick<World, 'env' | 'keychain' | 'clock' | 'signal'>;
  readonly settings: Pick<Settings, 'profile' | 'host' | 'directories' | 'config' | 'blocked' | 'session'>;
  /** Undefined if no user can unlock a keychain. */
  readonly attended: Attendant | undefined;
  readonly warn: (line: string) => void;
}

interface Stores extends TokensOptions {
  readonly account: string;
  readonly file: InsecureFile;
}

/** Opens the tokens of a profile and host. Reads the keychain at most once. */
export function openTokens(options: TokensOptions): Tokens {
  const { world, settings } = options;
  const account = accountName(settings);
  const file = insecureFile(join(settings.directories.config, INSECURE_FILE), world);
  const stores: Stores = { ...options, account, file };
  let found: Promise<HeldToken | undefined> | undefined;
  const find = () => {
    found ??= findToken(stores);
    return found;
  };
  return {
    account,
    file: file.path,
    find,
    stored: () => storedToken(stores),
    get known() {
      return knownIn(stores);
    },
    async probe({ insecure }) {
      if (insecure) file.prepare();
      await (insecure ? file : world.keychain).read(account, options.attended);
    },
    of(place) {
      const { blocked } = settings;
      const other = accountName(place) === account ? blocked : { ...blocked, storedToken: undefined };
      return openTokens({ ...options, settings: { ...settings, ...place, blocked: other } });
    },
    async token() {
      const held = await find();
      if (!held) throw notSignedIn(stores);
      return held.token;
    },
    async store(token, details, { insecure }) {
      const source = await exclusively(stores, () => storeToken(stores, token, { ...details, store: insecure ? 'file' : 'keychain' }));
      found = Promise.resolve({ token, source });
      return source;
    },
    async forget() {
      found = undefined;
      return knownIn(stores) ? exclusively(stores, () => forgetToken(stores)) : forgetToken(stores);
    },
  };
}

/** How long a person may take to unlock the keychain for another dnx. */
const PATIENCE_MS = 120_000;

/** Runs `change` while no other dnx stores or removes a token: what one undoes after a failure must not be the token of another. */
async function exclusively<T>({ settings, world }: Stores, change: () => Promise<T>): Promise<T> {
  const { lockSignIn } = await import('../settings/config-file.ts');
  return lockSignIn(settings.directories.config, { clock: world.clock, signal: world.signal, patienceMs: PATIENCE_MS }, change);
}

/** DNX_TOKEN, or the token from the store that the settings name. Does not open other stores. */
async function findToken(stores: Stores): Promise<HeldToken | undefined> {
  const { blocked, session, host } = stores.settings;
  if (blocked.requests) throw blocked.requests;
  const variable = stores.world.env.DNX_TOKEN?.trim();
  if (session) requireLeased(session, variable, host);
  return variable ? { token: variable, source: 'variable' } : storedToken(stores);
}

async function storedToken({ account, file, world, settings, attended }: Stores): Promise<HeldToken | undefined> {
  if (settings.blocked.storedToken) throw settings.blocked.storedToken;
  const known = settings.config.accounts?.[account];
  if (known?.store !== 'keychain' && known?.store !== 'file') return undefined;
  const token = known.store === 'file' ? file.read(account) : await world.keychain.read(account, attended);
  return token === undefined ? undefined : { token, source: known.store };
}

/** In the session of a lease, only its own token is used. */
function requireLeased({ agent, lease }: Session, variable: string | undefined, host: string): void {
  if (variable && (!lease?.fingerprint || tokenFingerprint(variable, host) === lease.fingerprint)) return;
  // A sandbox, with a token of its own.
  const isElsewhere = lease && host !== lease.host && isLoopback(new URL(host).hostname);
  if (variable && isElsewhere && tokenFingerprint(variable, lease.host) !== lease.fingerprint) return;
  throw new DnxError('unauthenticated', `dnx ${agent ? 'agent run' : 'token lease'} started this, so only its token is used here.`, {
    reason: 'signed_out',
    hint: variable ? 'DNX_TOKEN has another token, or the host is another one.' : 'DNX_TOKEN had it when the command began.',
  });
}

/** The command that signs in to this profile and host. */
export function loginLine({ profile, host, config }: Pick<Settings, 'profile' | 'host' | 'config'>): string {
  const kept = config.profiles?.[profile]?.host ?? DEFAULT_HOST;
  const isChosen = config.profile !== undefined || Object.keys(config.directories ?? {}).length > 0;
  const other = (isChosen || profile !== DEFAULT_PROFILE) && `--profile ${quoted(profile)}`;
  return ['dnx login', other, host !== kept && `--host ${quoted(host)}`].filter(Boolean).join(' ');
}

/** The error without a token. Lists other accounts, because a missing `--host` looks like being signed out. */
function notSignedIn({ account, settings }: Stores): DnxError {
  const { profile, host, config } = settings;
  const all = Object.keys(config.accounts ?? {});
  const accounts = all.filter((name) => name !== account);
  const gone = all.includes(account) ? 'The stored token is gone. ' : '';
  const elsewhere = accounts.length === 0 ? '' : `\nStored tokens: ${accounts.join(', ')}. Use --profile and --host to choose one.`;
  return new DnxError('unauthenticated', `Not signed in to ${hostName(host)}${profileNote(profile)}.`, {
    reason: 'signed_out',
    hint: `${gone}Run: ${loginLine(settings)}   (in CI: set DNX_TOKEN)${elsewhere}`,
  });
}

const knownIn = ({ account, settings }: Pick<Stores, 'account' | 'settings'>): Account | undefined =>
  readConfig(settings.directories.config).accounts?.[account];

/** Stores a token, and removes an older one from the other store. Undoes everything on failure. */
async function storeToken(stores: Stores, token: string, { store, ...details }: Omit<Account, 'stored_at'>): Promise<Account['store']> {
  const { account, file, world, attended, warn } = stores;
  const before = knownIn(stores)?.store;
  const place = store === 'file' ? file : world.keychain;
  const old = await place.read(account, attended);
  try {
    await place.write(account, token, attended);
    // Guards against a keychain that silently drops the only copy.
    if ((await place.read(account, attended)) !== token) throw new DnxError('failed', `The ${store} did not save the token.`);
    await remember(stores, { ...details, store, stored_at: new Date(world.clock.now()).toISOString() });
  } catch (error) {
    // What failed first is the reason to tell.
    await (old === undefined ? place.remove(account, attended) : place.write(account, old, attended)).catch(() => undefined);
    throw error;
  }
  if (store === 'keychain') await cleanFile(stores);
  else if (before === 'keychain')
    await world.keychain.remove(account, attended).catch(() => warn(`An older token is still in the keychain, as ${account}.`));
  return store;
}

/** Removes the stored token, and an older unencrypted one; false if there was none. */
async function forgetToken(stores: Stores): Promise<boolean> {
  const { account, file, world, attended } = stores;
  const known = knownIn(stores);
  if (known?.store === 'keychain') await world.keychain.remove(account, attended);
  if (known?.store === 'file') await file.remove(account);
  const cleaned = await cleanFile(stores);
  if (known) await remember(stores, undefined);
  return known !== undefined || cleaned;
}

/** Removes an unused token from the insecure file. Only warns about a broken file, because the new token is already stored. */
async function cleanFile({ account, file, warn }: Stores): Promise<boolean> {
  try {
    if (file.read(account) === undefined) return false;
    await file.remove(account);
    return true;
  } catch (error) {
    if (!isError(error)) throw error;
    warn(`An older token may still be stored unencrypted in ${file.path}. ${error.message}`);
    return false;
  }
}

async function remember({ account, world, settings }: Stores, entry: Account | undefined): Promise<void> {
  const { editConfig } = await import('../settings/config-file.ts');
  await editConfig(settings.directories.config, world, (config) => {
    const { [account]: _, ...others } = config.accounts ?? {};
    return { ...config, accounts: entry ? { ...others, [account]: entry } : others };
  });
}
