import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError } from '../errors.ts';
import { type Account, readConfig, readJson, type Settings } from '../settings/settings.ts';
import type { World } from '../world.ts';

/** Where a token came from. `variable` is DNX_TOKEN, which wins over everything stored. */
export type Source = 'variable' | 'keychain' | 'file';

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
}

interface Options {
  readonly world: Pick<World, 'env' | 'keychain' | 'clock'>;
  readonly settings: Pick<Settings, 'profile' | 'host' | 'directories' | 'config'>;
  readonly warn: (line: string) => void;
}

/** Token order: DNX_TOKEN, then where the settings say that this account's token lies. The keychain is not touched otherwise. */
export function openTokens({ world, settings, warn }: Options): Tokens {
  const { profile, host, directories } = settings;
  const account = `${profile}@${host}`;
  const insecureFile = join(directories.config, 'tokens.json');
  let found: Promise<Found | undefined> | undefined;

  const look = async (): Promise<Found | undefined> => {
    const variable = world.env.DNX_TOKEN?.trim();
    if (variable) return { token: variable, source: 'variable' };
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

  const writeInsecure = (change: (tokens: Record<string, string>) => Record<string, string>) => {
    mkdirSync(directories.config, { recursive: true, mode: 0o700 });
    chmodSync(directories.config, 0o700);
    const tokens = change(readJson<Record<string, string>>(insecureFile));
    if (Object.keys(tokens).length === 0) return rmSync(insecureFile, { force: true });
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
    async token() {
      const held = await find();
      if (held) return held.token;
      throw new DnxError('unauthenticated', `Not signed in to ${host}${profile === 'default' ? '' : ` as profile ${profile}`}.`, {
        hint: 'Sign in with: dnx login   (in CI: set DNX_TOKEN)',
      });
    },
    async store(token, known, { insecure }) {
      const entry: Account = { ...known, store: insecure ? 'file' : 'keychain', stored_at: new Date(world.clock.now()).toISOString() };
      if (insecure) writeInsecure((tokens) => ({ ...tokens, [account]: token }));
      else await world.keychain.write(account, token);
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
      return true;
    },
  };
}
