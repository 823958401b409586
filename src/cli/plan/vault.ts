import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { attempt, isError, systemCode } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject, toJson } from '../../base/json.ts';
import { type KeyPlace, keptKeyAt, keyAt } from '../../machine/credentials/machine-key.ts';
import { insecureFile } from '../../machine/credentials/token-file.ts';
import { INSECURE_FILE } from '../../machine/credentials/tokens.ts';
import { truthy } from '../../machine/env.ts';
import { locked } from '../../machine/files/lock.ts';
import { accountName } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { PlannedChange } from './plan.ts';

/** Where the key lies: beside the token. No host is called `local`, so it is nobody's token. */
const KEY_ACCOUNT = 'history@local';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what a change replaces and must not be in the history as text. What it makes is bound to one line of the history. */
export type Vault = ReturnType<typeof vaultWith>;

/** What a sealed value belongs to: a line of the history, whatever else that has. */
interface Bound {
  readonly host: string;
  readonly profile: string;
  readonly run: string;
  readonly n: number;
  readonly change: Pick<PlannedChange, 'call' | 'targets'>;
}

interface Unkept {
  /** A sentence: `DNX_TOKEN is set.` */
  readonly why: string;
  /** True if they should be: the store of the token failed. */
  readonly failed: boolean;
}

interface VaultContext {
  readonly settings: Settings;
  readonly world: Pick<World, 'env' | 'keychain' | 'clock' | 'signal'>;
}

/** The vault of this machine. `create`: makes a key if there is none. It never asks the user to unlock a keychain. */
export async function openVault(ctx: VaultContext, create = false): Promise<Vault | Unkept> {
  const store = storeOf(ctx);
  if (typeof store !== 'string') return store;
  const place = placeOf(store, ctx);
  const lock = join(ctx.settings.directories.state, 'history.key');
  try {
    const key = (await keyAt(place)) ?? (create ? await locked(lock, ctx.world, () => keptKeyAt(place)) : undefined);
    return key ? vaultWith(key) : { why: 'The key is gone.', failed: true };
  } catch (error) {
    if (!isError(error) && systemCode(error) === undefined) throw error;
    return { why: error instanceof Error ? error.message : String(error), failed: true };
  }
}

/** Why a change that is made now would keep no secrets; undefined if it would. */
export async function whyUnkept(ctx: VaultContext): Promise<string | undefined> {
  const store = storeOf(ctx);
  if (typeof store !== 'string') return unkeptWords(store.why);
  try {
    await placeOf(store, ctx).read();
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    return unkeptWords(error.message);
  }
}

/** Why `dnx undo` cannot bring a secret back. */
export const unkeptWords = (why: string): string => `Hidden values are not kept: ${why}`;

function storeOf({ settings, world: { env } }: VaultContext): 'keychain' | 'file' | Unkept {
  const unkept = (why: string): Unkept => ({ why, failed: false });
  if (settings.session) return unkept('This is the session of a lease.');
  if (truthy(env.DNX_NO_HISTORY)) return unkept('DNX_NO_HISTORY is set.');
  if (env.DNX_TOKEN?.trim()) return unkept('DNX_TOKEN is set.');
  return settings.config.accounts?.[accountName(settings)]?.store ?? unkept('There is no stored sign-in.');
}

function placeOf(store: 'keychain' | 'file', { settings, world }: VaultContext): KeyPlace {
  const from = store === 'keychain' ? world.keychain : insecureFile(join(settings.directories.config, INSECURE_FILE), world);
  return { read: () => from.read(KEY_ACCOUNT), write: (text) => from.write(KEY_ACCOUNT, text) };
}

function vaultWith(key: Buffer) {
  const hashing = createHmac('sha256', key).update('hash').digest();
  const boundTo = ({ host, profile, run, n, change: { call, targets } }: Bound, ...more: readonly string[]) =>
    Buffer.from(toJson([host, profile, run, n, call, targets, ...more]));
  return {
    seal(line: Bound, values: JsonObject): string {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv).setAAD(boundTo(line));
      const parts = [iv, cipher.update(toJson(values)), cipher.final()];
      return Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64url');
    },
    /** Undefined if it was changed, belongs to another line, or was sealed with another key. */
    open: (line: Bound, sealed: string): JsonObject | undefined =>
      attempt(() => {
        const bytes = Buffer.from(sealed, 'base64url');
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
        decipher.setAAD(boundTo(line)).setAuthTag(bytes.subarray(-TAG_BYTES));
        const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString();
        const values = fromJson(text);
        return isObject(values) ? values : undefined;
      }),
    /** A keyed hash of a value, to tell later whether it is still there. */
    hash: (line: Bound, field: string, value: string): string =>
      createHmac('sha256', hashing)
        .update(boundTo(line, field, value))
        .digest('base64url'),
  };
}
