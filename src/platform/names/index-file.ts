import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { isObject, type JsonObject, toJson } from '../../base/json.ts';
import { tokenFingerprint } from '../../base/secrets.ts';
import { wordOf } from '../../base/text.ts';
import { DAY, HOUR } from '../../base/time.ts';
import type { LockWaiting } from '../../machine/files/lock.ts';
import { makeDirectory, readText, writeText } from '../../machine/files/text-file.ts';
import { accountName, type Identity } from '../../machine/settings/config.ts';
import type { Clock } from '../../machine/world.ts';
import { namings, nounAt } from './names.ts';

/** A list of the API as it is remembered: ids and names only. Without items it has changed since, at `read`. */
export interface NameList {
  /** When reading it began, in epoch ms. */
  readonly read: number;
  readonly items?: readonly JsonObject[];
  /** The names before the change that certainly stayed. Completion still offers them; nothing else uses them. */
  readonly past?: readonly JsonObject[];
}

/** What one token has read. */
export interface NamesAccount {
  /** By path: `/servers/7/daemons`. */
  readonly lists: Map<string, NameList>;
  /** When the token was stored, as the settings say; undefined if it was only in DNX_TOKEN. */
  stored: string | undefined;
}

/** A request that changed something, at `at` in epoch ms. */
export interface NameChange {
  readonly method: string;
  readonly path: string;
  readonly at: number;
}

/** What a command has read and changed with one token. */
export interface AccountNews extends NamesAccount {
  readonly changes: NameChange[];
}

/** Accounts by their key. */
export type Accounts = Map<string, NamesAccount>;

/** The key of an account: `profile@host` and the fingerprint of the token. */
export const accountKey = (identity: Identity, token: string): string =>
  `${accountName(identity)} ${tokenFingerprint(token, identity.host)}`;

/** The account whose token the settings say was stored at this time. Another time is another token. */
export const accountStored = (accounts: Accounts, identity: Identity, stored: string): NamesAccount | undefined =>
  [...accounts].find(([key, each]) => each.stored === stored && key.slice(0, key.lastIndexOf(' ')) === accountName(identity))?.[1];

const VERSION = 2;
/** Older lists are dropped. */
const OLDEST_MS = 90 * DAY;
/** The most accounts to keep: a CI system may get a token per run. */
const MOST_ACCOUNTS = 10;
/** The most names to keep, so that reading them stays a matter of milliseconds. */
const MOST_NAMES = 20_000;

/** Reads the remembered names. A file that is broken, from another version or from the future is empty. */
export function readAccounts(file: string, now: number): Accounts {
  const content = readIndex(file);
  const accounts = content.version === VERSION && isObject(content.accounts) ? Object.entries(content.accounts) : [];
  return new Map(accounts.map(([name, entry]) => [name, accountIn(entry, now)]));
}

function readIndex(file: string): JsonObject {
  try {
    // Not fromJson, which looks for large numbers: here every value is text.
    const content: unknown = JSON.parse(readText(file) ?? '{}');
    return isObject(content) ? content : {};
  } catch {
    return {};
  }
}

function accountIn(entry: unknown, now: number): NamesAccount {
  const { lists, stored } = isObject(entry) ? entry : {};
  const all = isObject(lists) ? Object.entries(lists) : [];
  const known = all.flatMap(([path, list]) => {
    const valid = listIn(list, now);
    return valid ? [[path, valid] as const] : [];
  });
  return { lists: new Map(known), stored: typeof stored === 'string' ? stored : undefined };
}

function listIn(list: unknown, now: number): NameList | undefined {
  if (!isObject(list)) return undefined;
  const read = timeIn(list.read, now);
  if (read === undefined || now - read > OLDEST_MS) return undefined;
  const { items, past } = list;
  if (items === undefined) return { read, ...(areThings(past) && { past }) };
  return areThings(items) ? { read, items } : undefined;
}

const areThings = (items: unknown): items is readonly JsonObject[] => Array.isArray(items) && items.every(isThing);

const isThing = (each: unknown): boolean =>
  isObject(each) && typeof each.id === 'string' && Object.values(each).every((value) => typeof value === 'string');

function timeIn(value: unknown, now: number): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return ms <= now ? ms : undefined;
}

/** How long to wait for the lock, in ms; after that nothing is saved. */
const PATIENCE_MS = 1_000;

/** An unchanged list is written again after this many ms, so that its age counts from the last reading. */
const REFRESH_MS = HOUR;

/** Adds the news of a command to the file, unless it says all of it. A cache that cannot be written costs requests, not correctness. */
export async function saveNews(
  file: string,
  news: ReadonlyMap<string, AccountNews>,
  waiting: LockWaiting & { readonly clock: Clock },
): Promise<void> {
  const { clock } = waiting;
  /** The time is read each time, because what others save meanwhile would be from the future. */
  const updated = () => {
    const now = clock.now();
    const accounts = readAccounts(file, now);
    return apply(accounts, news, now) ? accounts : undefined;
  };
  try {
    if (!updated()) return;
    makeDirectory(dirname(file));
    // Where nothing can be written, the lock is not even loaded.
    accessSync(dirname(file), constants.W_OK);
    const { locked } = await import('../../machine/files/lock.ts');
    await locked(file, { ...waiting, patienceMs: PATIENCE_MS }, () => {
      const accounts = updated();
      if (accounts) writeAccounts(file, accounts);
    });
  } catch {
    // The next command reads the lists again.
  }
}

/** Applies the news; false if the accounts already said so. The newer of two lists wins. */
function apply(accounts: Accounts, news: ReadonlyMap<string, AccountNews>, now: number): boolean {
  let changed = false;
  for (const [name, { lists, changes, stored }] of news) {
    const account: NamesAccount = accounts.get(name) ?? { lists: new Map(), stored: undefined };
    accounts.set(name, account);
    for (const change of changes) changed = dropStale(account.lists, change) || changed;
    for (const [path, list] of lists) {
      const known = account.lists.get(path);
      // A mark that the list has changed is there already.
      if (known && (known.read > list.read || (known.read === list.read && !list.items))) continue;
      account.lists.set(path, list);
      changed ||= !known || now - known.read >= REFRESH_MS || toJson(known.items) !== toJson(list.items);
    }
    changed ||= stored !== undefined && stored !== account.stored;
    account.stored = stored ?? account.stored;
  }
  return changed;
}

/**
 * Empties the lists that a change made stale. Returns false if no list was. The mark that stays outdates a list that another dnx began
 * to read before.
 */
export function dropStale(lists: Map<string, NameList>, { method, path, at }: NameChange): boolean {
  const list = listOf(method, path);
  if (list === undefined) return false;
  let dropped = !lists.has(list);
  for (const [each, before] of lists) {
    const below = method === 'DELETE' && each.startsWith(`${path}/`);
    if (before.read > at || !(below || isSameKind(each, list))) continue;
    if (below) lists.delete(each);
    else lists.set(each, { read: at, past: unchanged(before, path) });
    dropped = true;
  }
  if (!lists.has(list)) lists.set(list, { read: at });
  return dropped;
}

/** What a list had before a change, without the resource at the path. */
const unchanged = ({ items, past = [] }: NameList, path: string): readonly JsonObject[] =>
  (items ?? past).filter(({ id }) => encodeURIComponent(wordOf(id)) !== path.slice(path.lastIndexOf('/') + 1));

/** The list that a request adds to, renames in or removes from. Other requests, such as a deployment, change no names. */
function listOf(method: string, path: string): string | undefined {
  const list = [path, ...(method === 'POST' ? [] : [parentOf(path)])].find((each) => nounAt(each) !== undefined);
  const { keys = [] } = namings[nounAt(list ?? '') ?? ''] ?? {};
  return keys.length > 0 ? list : undefined;
}

/** True for the same list, and for the certificates of a server and of its sites. */
function isSameKind(one: string, other: string): boolean {
  if (one === other) return true;
  const [upper, lower] = [parentOf(one), parentOf(other)];
  const nested = upper.startsWith(`${lower}/`) || lower.startsWith(`${upper}/`);
  return nested && one.slice(upper.length) === other.slice(lower.length);
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function writeAccounts(file: string, accounts: Accounts): void {
  const newest = ({ lists }: NamesAccount) => Math.max(...[...lists.values()].map(({ read }) => read));
  const kept = [...accounts]
    .filter(([, { lists }]) => lists.size > 0)
    .toSorted(([, one], [, other]) => newest(other) - newest(one))
    .slice(0, MOST_ACCOUNTS);
  let room = MOST_NAMES;
  const shown = kept.map(([name, { lists, stored }]) => {
    const texts: Record<string, object> = {};
    for (const [path, { read, items, past }] of [...lists].toSorted(([, one], [, other]) => other.read - one.read)) {
      room -= (items ?? past ?? []).length;
      if (room >= 0) texts[path] = { read: new Date(read).toISOString(), items, past };
    }
    return [name, { stored, lists: texts }] as const;
  });
  writeText(file, `${JSON.stringify({ version: VERSION, accounts: Object.fromEntries(shown) }, null, 1)}\n`);
}
