import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, usage } from '../../base/errors.ts';
import { readJson } from '../files/json-file.ts';
import { locked } from '../files/lock.ts';
import { type Account, DEFAULT_HOST, DEFAULT_PROFILE, readConfig, type Settings } from '../settings/settings.ts';
import type { World } from '../world.ts';
import { accountName } from './account.ts';

/** Where a token came from. `variable` is DNX_TOKEN, which wins over everything stored. */
export type Source = 'variable' | 'keychain' | 'file';

/** A token in plain text, and where it came from. */
export interface Found {
  readonly token: string;
  readonly source: Source;
}

/** The token of one profile at one host. */
export interface Tokens {
  /** `profile@host`, as the keychain knows it. */
  readonly account: string;
  find(): Promise<Found | undefined>;
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
  readonly world: Pick<World, 'env' | 'keychain' | 'clock'>;
  readonly settings: Pick<Settings, 'profile' | 'host' | 'directories' | 'config' | 'origins'>;
  readonly warn: (line: string) => void;
}

/** Token order: DNX_TOKEN, then where the settings say that this account's token lies. The keychain is not touched otherwise. */
export function openTokens({ world, settings, warn }: Options): Tokens {
  const { profile, host, directories } = settings;
  const account = accountName(settings);
  const insecureFile = join(directories.config, INSECURE_FILE);
  let found: Promise<Found | undefined> | undefined;

  const look = async (): Promise<Found | undefined> => {
    const variable = world.env.DNX_TOKEN?.trim();
    if (variable) {
      refuseStranger(settings);
      return { token: variable, source: 'variable' };
    }
    const known = settings.config.accounts?.[account];
    if (known?.store === 'keychain') {
      const token = await world.keychain.read(account);
      return token === undefined ? undefined : { token, source: 'keychain' };
    }
    if (known?.store === 'file') {
      const token = readJson<Record<string, string>>(insecureFile)[account];
      if (token === undefined) return undefined;
      warn(`The token is stored in the clear in ${insecureFile}.`);
      return { token, source: 'file' };
    }
    return undefined;
  };
  const find = () => {
    found ??= look();
    return found;
  };

  /** A keychain that says yes and keeps nothing must not cost the only copy. */
  const keep = async (token: string) => {
    await world.keychain.write(account, token);
    if ((await world.keychain.read(account)) === token) return;
    throw new DnxError('failed', 'The keychain took the token, but does not give it back.');
  };

  const writeInsecure = (change: (tokens: Record<string, string>) => Record<string, string>) => {
    editable(directories.config);
    locked(insecureFile, () => rewriteInsecure(change));
  };
  const rewriteInsecure = (change: (tokens: Record<string, string>) => Record<string, string>) => {
    const tokens = change(readJson<Record<string, string>>(insecureFile));
    if (Object.keys(tokens).length === 0) return rmSync(insecureFile, { force: true });
    // Always the same, so that what a killed process left here is not left for ever.
    const temporary = `${insecureFile}.new`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, insecureFile);
  };

  const remember = async (entry: Account | undefined) => {
    const { editConfig } = await import('../settings/config-file.ts');
    editConfig(directories.config, (config) => {
      const { [account]: _, ...others } = config.accounts ?? {};
      return { ...config, accounts: entry ? { ...others, [account]: entry } : others };
    });
  };

  return {
    account,
    find,
    get known() {
      return readConfig(directories.config).accounts?.[account];
    },
    async probe({ insecure }) {
      if (insecure) editable(directories.config);
      else await world.keychain.read(account);
    },
    of: (place) => openTokens({ world, settings: { ...settings, ...place }, warn }),
    async token() {
      const held = await find();
      if (held) return held.token;
      throw new DnxError('unauthenticated', `Not signed in to ${host}${profile === DEFAULT_PROFILE ? '' : ` as profile ${profile}`}.`, {
        hint: `Sign in with: ${loginLine(settings)}   (in CI: set DNX_TOKEN)${elsewhere(settings)}`,
      });
    },
    async store(token, known, { insecure }) {
      const entry: Account = { ...known, store: insecure ? 'file' : 'keychain', stored_at: new Date(world.clock.now()).toISOString() };
      if (insecure) writeInsecure((tokens) => ({ ...tokens, [account]: token }));
      else await keep(token);
      await remember(entry);
      found = Promise.resolve({ token, source: entry.store });
      return entry.store;
    },
    async forget() {
      const known = readConfig(directories.config).accounts?.[account];
      if (!known) return false;
      if (known.store === 'keychain') await world.keychain.remove(account);
      else writeInsecure(({ [account]: _, ...others }) => others);
      await remember(undefined);
      found = undefined;
      return true;
    },
  };
}

/** Makes the configuration directory, which nobody else may look into. */
function editable(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
}

/** The command that signs in to this profile and host. */
export const loginLine = ({ profile, host }: Pick<Settings, 'profile' | 'host'>): string =>
  ['dnx login', profile !== DEFAULT_PROFILE && `--profile ${profile}`, host !== DEFAULT_HOST && `--host ${host}`].filter(Boolean).join(' ');

/** Where else there are tokens, when there is none here: a forgotten `--host` looks like being signed out. */
function elsewhere({ config }: Pick<Settings, 'config'>): string {
  const accounts = Object.keys(config.accounts ?? {});
  return accounts.length === 0 ? '' : `\nThere is a token for: ${accounts.join(', ')}. Choose with --profile and --host.`;
}

/** A link file comes with whatever repository was cloned: it must not direct DNX_TOKEN to a host of its choosing. */
function refuseStranger({ host, origins }: Pick<Settings, 'host' | 'origins'>): void {
  if (origins.host !== 'link file' || host === DEFAULT_HOST) return;
  throw usage(`DNX_TOKEN would be sent to ${host}, which only the project's link file names.`, `If that is right: DNX_HOST=${host}`);
}
