import { join } from 'node:path';
import { isError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { type KeyPlace, keptKeyAt, keyAt } from '../../../machine/credentials/machine-key.ts';
import { truthy } from '../../../machine/env.ts';
import { locked } from '../../../machine/files/lock.ts';
import { readText, writeText } from '../../../machine/files/text-file.ts';

/** The keychain account of this machine's key. No host is called `local`, so it is nobody's token. */
const KEY_ACCOUNT = 'env-base@local';
/** The file of the key if there is no keychain. */
const KEY_FILE = 'base.key';

/** Where a key is stored. */
export type KeyStore = 'keychain' | 'file';

/** The random key of this machine, with which records hash the values of variables. */
export interface BaseKey {
  readonly store: KeyStore;
  readonly key: Buffer;
}

export type KeyContext = Pick<Context, 'world' | 'settings' | 'progress'>;

/** The directory of the records and the key file. */
export const recordsIn = ({ settings }: Pick<KeyContext, 'settings'>): string => join(settings.directories.state, 'env');

/** The key in a store; undefined if it is lost, or the keychain cannot be opened. */
export async function keyIn(store: KeyStore, ctx: KeyContext): Promise<BaseKey | undefined> {
  const key = store === 'file' ? await keyAt(fileOf(ctx)) : await fromKeychain(ctx, keyAt);
  return key && { store, key };
}

/** The key for a new record, created if there is none: in the keychain, else in a file that only the user can read. */
export async function newKey(ctx: KeyContext): Promise<BaseKey> {
  return locked(join(recordsIn(ctx), KEY_FILE), ctx.world, async () => {
    const kept = truthy(ctx.world.env.CI) ? undefined : await fromKeychain(ctx, keptKeyAt);
    if (kept) return { store: 'keychain', key: kept };
    return { store: 'file', key: (await keptKeyAt(fileOf(ctx))) as Buffer };
  });
}

function fileOf(ctx: KeyContext): KeyPlace {
  const file = join(recordsIn(ctx), KEY_FILE);
  return { read: () => readText(file), write: (text) => writeText(file, `${text}\n`) };
}

/** Uses the keychain without asking the user to unlock it. A pull or push goes on without it. */
async function fromKeychain(
  { world: { keychain }, settings, progress }: KeyContext,
  use: (place: KeyPlace) => Promise<Buffer | undefined>,
): Promise<Buffer | undefined> {
  try {
    return await use({ read: () => keychain.read(KEY_ACCOUNT), write: (text) => keychain.write(KEY_ACCOUNT, text) });
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    if (settings.debug) progress.debug(`The key for the records of env pull is not in the keychain: ${error.message}`);
    return undefined;
  }
}
