import { join } from 'node:path';
import { isError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { truthy } from '../../../machine/env.ts';
import { locked } from '../../../machine/files/lock.ts';
import { readText, writeText } from '../../../machine/files/text-file.ts';

/** The keychain account of this machine's key. No host is called `local`, so it is nobody's token. */
const KEY_ACCOUNT = 'env-base@local';
/** The file of the key if there is no keychain. */
const KEY_FILE = 'base.key';

const BYTES = 32;

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
  const text =
    store === 'file' ? readText(join(recordsIn(ctx), KEY_FILE)) : await fromKeychain(ctx, (keychain) => keychain.read(KEY_ACCOUNT));
  return keyOf(store, text);
}

/** The key for a new record, created if there is none: in the keychain, else in a file that only the user can read. */
export async function newKey(ctx: KeyContext): Promise<BaseKey> {
  const kept = truthy(ctx.world.env.CI) ? undefined : await fromKeychain(ctx, (keychain) => keptIn(keychain));
  if (kept) return kept;
  const file = join(recordsIn(ctx), KEY_FILE);
  const created = await random();
  return locked(file, ctx.world, () => {
    const known = keyOf('file', readText(file));
    if (!known) writeText(file, `${created}\n`);
    return known ?? { store: 'file', key: Buffer.from(created, 'hex') };
  });
}

async function keptIn(keychain: KeyContext['world']['keychain']): Promise<BaseKey | undefined> {
  const known = keyOf('keychain', await keychain.read(KEY_ACCOUNT));
  if (known) return known;
  const created = await random();
  await keychain.write(KEY_ACCOUNT, created);
  // Guards against a keychain that silently drops it.
  return keyOf('keychain', await keychain.read(KEY_ACCOUNT));
}

/** Uses the keychain without asking the user to unlock it. A pull or push goes on without it. */
async function fromKeychain<T>({ world, settings, progress }: KeyContext, use: (keychain: KeyContext['world']['keychain']) => Promise<T>) {
  try {
    return await use(world.keychain);
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    if (settings.debug) progress.debug(`The key for the records of env pull is not in the keychain: ${error.message}`);
    return undefined;
  }
}

const keyOf = (store: KeyStore, text: string | undefined): BaseKey | undefined => {
  const word = text?.trim() ?? '';
  return /^[\da-f]{64}$/.test(word) ? { store, key: Buffer.from(word, 'hex') } : undefined;
};

const random = async (): Promise<string> => (await import('node:crypto')).randomBytes(BYTES).toString('hex');
