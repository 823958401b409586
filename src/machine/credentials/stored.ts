import { DnxError, isError } from '../../base/errors.ts';
import { type Account, readConfig } from '../settings/config.ts';
import type { Settings } from '../settings/settings.ts';
import type { Attended, World } from '../world.ts';
import type { InsecureFile } from './insecure-file.ts';

/** The stores for the token of one account. */
export interface Stores {
  /** `profile@host`. */
  readonly account: string;
  readonly file: InsecureFile;
  readonly world: Pick<World, 'keychain' | 'clock' | 'signal'>;
  readonly settings: Pick<Settings, 'directories'>;
  readonly attended: Attended | undefined;
  readonly warn: (line: string) => void;
}

/** The account entry in the settings. */
export const knownIn = ({ account, settings }: Pick<Stores, 'account' | 'settings'>): Account | undefined =>
  readConfig(settings.directories.config).accounts?.[account];

/** Stores a token, and removes an older one from the other store. Undoes everything on failure. */
export async function storeToken(
  stores: Stores,
  token: string,
  { store, ...details }: Omit<Account, 'stored_at'>,
): Promise<Account['store']> {
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
    await (old === undefined ? place.remove(account, attended) : place.write(account, old, attended)).catch(() => undefined);
    throw error;
  }
  if (store === 'keychain') await cleanFile(stores);
  else if (before === 'keychain')
    await world.keychain.remove(account, attended).catch(() => warn(`An older token is still in the keychain, as ${account}.`));
  return store;
}

/** Removes the stored token, and an older unencrypted one; false if there was none. */
export async function forgetToken(stores: Stores): Promise<boolean> {
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

/** Records in the settings where the token is stored. */
async function remember({ account, world, settings }: Stores, entry: Account | undefined): Promise<void> {
  const { editConfig } = await import('../settings/config-file.ts');
  await editConfig(settings.directories.config, world, (config) => {
    const { [account]: _, ...others } = config.accounts ?? {};
    return { ...config, accounts: entry ? { ...others, [account]: entry } : others };
  });
}
