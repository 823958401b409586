import { createHash, createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, isError, isStop, systemCode } from '../../../base/errors.ts';
import { isObject, own, toJson } from '../../../base/json.ts';
import { DAY } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import { type KeyPlace, keptKeyAt, keyAt } from '../../../machine/credentials/machine-key.ts';
import { truthy } from '../../../machine/env.ts';
import { locked } from '../../../machine/files/lock.ts';
import { jsonFileNames, pruneFiles, readJson, readText, writeJson, writeText } from '../../../machine/files/text-file.ts';
import { type Base, baseOf, type SyncStep, type SyncSteps } from './steps.ts';

const MOST_RECORDS = 200;
const KEPT_MS = 90 * DAY;
/** Identifies a key, to notice that another one made the record. */
const OWN_HASH = '';

/** What a file and a site had in common after the last pull or push. Contains no values, only keyed hashes of them. */
interface BaseRecord extends BasePlace {
  readonly version: 1;
  readonly store: KeyStore;
  /** By key. Identifies the key under the empty name. */
  readonly hashes: Readonly<Record<string, string>>;
}

interface BasePlace {
  readonly host: string;
  readonly site: string;
  readonly file: string;
}

/** Opens the record of a file and a site. Whatever is wrong with it, there is no base then. */
export async function openBase(ctx: Context, place: BasePlace) {
  const digest = createHash('sha256').update(toJson([place.host, place.site, place.file]));
  const file = join(recordsIn(ctx), `${digest.digest('hex').slice(0, 32)}.json`);
  const stored = storedIn(file, place);
  const key = stored && (await keyIn(stored.store, ctx));
  const known = stored !== undefined && key !== undefined && own(stored.hashes, OWN_HASH) === hashOf(key, place, OWN_HASH, '');
  const base: Base = known
    ? {
        agrees: (name, value) => own(stored.hashes, name) === (value === undefined ? undefined : hashOf(key, place, name, value)),
        keys: Object.keys(stored.hashes).filter((name) => name !== OWN_HASH),
      }
    : baseOf();
  return {
    ...base,
    /** False if there is no record, or its key is lost. */
    known,
    /** The other site that the file was synced with, if there is no record for this one. */
    elsewhere: () => (stored ? undefined : otherSite(ctx, place)),
    /** Records on what both sides agree now; undefined: the variable is gone. */
    async save(agreed: ReadonlyMap<string, string | undefined>) {
      try {
        const used = known ? key : await newKey(ctx);
        await locked(file, ctx.world, () => write(file, place, used, agreed));
      } catch (error) {
        // An older base could take a later change for an old one.
        rmSync(file, { recursive: true, force: true });
        throw error;
      }
      pruneFiles(recordsIn(ctx), ctx.world.clock.now() - KEPT_MS, MOST_RECORDS);
    },
  };
}

function otherSite(ctx: Context, { host, file }: BasePlace): string | undefined {
  const directory = recordsIn(ctx);
  const records = jsonFileNames(directory).map((name) => attempt(() => readJson<Partial<BasePlace>>(join(directory, name))));
  const others = records.flatMap((record) => (record?.host === host && record.file === file ? [record.site] : []));
  if (others.length === 0) return undefined;
  const linked = ctx.settings.link?.environments.find(({ site: { id } }) => id !== undefined && others.includes(id));
  return linked?.site.name ?? linked?.name ?? 'another site';
}

/** Adds to what the record says now: another pull or push may have changed it. */
function write(file: string, place: BasePlace, key: BaseKey, agreed: ReadonlyMap<string, string | undefined>): void {
  const keyHash = hashOf(key, place, OWN_HASH, '');
  const before = storedIn(file, place)?.hashes ?? {};
  const hashes = new Map(Object.entries(before[OWN_HASH] === keyHash ? before : { [OWN_HASH]: keyHash }));
  for (const [name, value] of agreed) {
    if (value === undefined) hashes.delete(name);
    else hashes.set(name, hashOf(key, place, name, value));
  }
  const record: BaseRecord = { version: 1, ...place, store: key.store, hashes: Object.fromEntries(hashes) };
  writeJson(file, record);
}

function storedIn(file: string, place: BasePlace): BaseRecord | undefined {
  const stored = attempt(() => readJson<Partial<BaseRecord>>(file));
  const { version, host, site, file: path, store, hashes } = stored ?? {};
  const isOurs = version === 1 && host === place.host && site === place.site && path === place.file;
  return isOurs && (store === 'keychain' || store === 'file') && isObject(hashes) ? (stored as BaseRecord) : undefined;
}

/** The pairing and the name are part of it, so that equal values have different hashes. */
const hashOf = ({ key }: BaseKey, { host, site, file }: BasePlace, name: string, value: string): string =>
  createHmac('sha256', key)
    .update(toJson([host, site, file, name, value]))
    .digest('base64url');

/** Records what both sides agree on: what was equal, and these steps. Only warns on failure, because the work itself is done. */
export async function saveBase(
  { progress }: Context,
  base: Pick<Awaited<ReturnType<typeof openBase>>, 'save'>,
  { equal }: Pick<SyncSteps, 'equal'>,
  steps: readonly SyncStep[],
): Promise<void> {
  const agreed = steps.flatMap((step) => (step.agreed ? [[step.key, step.agreed.value] as const] : []));
  try {
    await base.save(new Map([...equal, ...agreed]));
  } catch (error) {
    if (isStop(error) || !(error instanceof Error)) throw error;
    progress.warn(
      `Could not record this state (${systemCode(error) ?? error.message}), so the next pull or push may ask which values to use.`,
    );
  }
}

/** The keychain account of this machine's key. No host is called `local`, so it is nobody's token. */
const KEY_ACCOUNT = 'env-base@local';
const KEY_FILE = 'base.key';

type KeyStore = 'keychain' | 'file';

interface BaseKey {
  readonly store: KeyStore;
  readonly key: Buffer;
}

const recordsIn = ({ settings }: Context): string => join(settings.directories.state, 'env');

/** The key in a store; undefined if it is lost, or the keychain cannot be opened. */
export async function keyIn(store: KeyStore, ctx: Context): Promise<BaseKey | undefined> {
  const key = store === 'file' ? await keyAt(fileOf(ctx)) : await fromKeychain(ctx, keyAt);
  return key && { store, key };
}

/** The key for a new record, created if there is none: in the keychain, else in a file that only the user can read. */
export async function newKey(ctx: Context): Promise<BaseKey> {
  return locked(join(recordsIn(ctx), KEY_FILE), ctx.world, async () => {
    const kept = truthy(ctx.world.env.CI) ? undefined : await fromKeychain(ctx, keptKeyAt);
    if (kept) return { store: 'keychain', key: kept };
    return { store: 'file', key: (await keptKeyAt(fileOf(ctx))) as Buffer };
  });
}

function fileOf(ctx: Context): KeyPlace {
  const file = join(recordsIn(ctx), KEY_FILE);
  return { read: () => readText(file), write: (text) => writeText(file, `${text}\n`) };
}

/** Uses the keychain without asking the user to unlock it. A pull or push goes on without it. */
async function fromKeychain({ world: { keychain }, settings, progress }: Context, use: (place: KeyPlace) => Promise<Buffer | undefined>) {
  try {
    return await use({ read: () => keychain.read(KEY_ACCOUNT), write: (text) => keychain.write(KEY_ACCOUNT, text) });
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    if (settings.debug) progress.debug(`The key for the records of env pull is not in the keychain: ${error.message}`);
    return undefined;
  }
}
