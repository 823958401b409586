import { DnxError, isError } from '../../base/errors.ts';
import { type Account, readConfig } from '../settings/config.ts';
import type { Settings } from '../settings/settings.ts';
import type { Attended, World } from '../world.ts';
import type { InsecureFile } from './insecure-file.ts';

/** Where the token of one account can be stored, and what is needed to do it. */
export interface Stores {
  /** `profile@host`. */
  readonly account: string;
  readonly file: InsecureFile;
  readonly world: Pick<World, 'keychain' | 'clock' | 'signal'>;
  readonly settings: Pick<Settings, 'directories'>;
  readonly attended: Attended | undefined;
  readonly warn: (line: string) => void;
}

/** What the settings know of the token that is stored. */
export const knownIn = ({ account, settings }: Pick<Stores, 'account' | 'settings'>): Account | undefined =>
  readConfig(settings.directories.config).accounts?.[account];

/** Stores a token, and takes the older one out of the other place. If it fails, what was stored before is as it was. */
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
    // One that says yes and keeps nothing must not cost the only copy.
    if ((await place.read(account, attended)) !== token)
      throw new DnxError('failed', `The ${store} took the token, but does not give it back.`);
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

/** Forgets the token that is stored, and an older one in the clear; false when there was nothing. */
export async function forgetToken(stores: Stores): Promise<boolean> {
  const { account, file, world, attended } = stores;
  const known = knownIn(stores);
  if (known?.store === 'keychain') await world.keychain.remove(account, attended);
  if (known?.store === 'file') await file.remove(account);
  const cleaned = await cleanFile(stores);
  if (known) await remember(stores, undefined);
  return known !== undefined || cleaned;
}

/** Takes a token that is no longer used out of the clear. A file that is broken must not cost the work that is done already. */
async function cleanFile({ account, file, warn }: Stores): Promise<boolean> {
  try {
    if (file.read(account) === undefined) return false;
    await file.remove(account);
    return true;
  } catch (error) {
    if (!isError(error)) throw error;
    warn(`An older token may still be in the clear in ${file.path}. ${error.message}`);
    return false;
  }
}

/** Notes in the settings where the token is, or that there is none. */
async function remember({ account, world, settings }: Stores, entry: Account | undefined): Promise<void> {
  const { editConfig } = await import('../settings/config-file.ts');
  await editConfig(settings.directories.config, world, (config) => {
    const { [account]: _, ...others } = config.accounts ?? {};
    return { ...config, accounts: entry ? { ...others, [account]: entry } : others };
  });
}
