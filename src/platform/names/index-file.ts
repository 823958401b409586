import { isObject, type JsonObject } from '../../base/json.ts';
import { tokenFingerprint } from '../../machine/credentials/fingerprint.ts';
import { accountName, type Identity } from '../../machine/credentials/tokens.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';

/** A list of the API as it is remembered: ids and names only. Without items it has changed since, at `read`. */
export interface NameList {
  /** When reading it began, in epoch ms. */
  readonly read: number;
  readonly items?: readonly JsonObject[];
  /** The names before the change that certainly stayed. Completion still offers them; nothing else uses them. */
  readonly past?: readonly JsonObject[];
}

/** What one token has read. */
export interface Account {
  /** By path: `/servers/7/daemons`. */
  readonly lists: Map<string, NameList>;
  /** When a site was last searched on every server, in epoch ms. */
  searched: number;
  /** When the token was stored, as the settings say; undefined if it was only in DNX_TOKEN. */
  stored: string | undefined;
}

/** Accounts by their key. */
export type Accounts = Map<string, Account>;

/** The key of an account: `profile@host` and the fingerprint of the token. */
export const accountKey = (identity: Identity, token: string): string =>
  `${accountName(identity)} ${tokenFingerprint(token, identity.host)}`;

/** The account whose token the settings say was stored at this time. Another time is another token. */
export const accountStored = (accounts: Accounts, identity: Identity, stored: string): Account | undefined =>
  [...accounts].find(([key, each]) => each.stored === stored && key.slice(0, key.lastIndexOf(' ')) === accountName(identity))?.[1];

const VERSION = 2;
const DAY = 24 * 60 * 60_000;
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

function accountIn(entry: unknown, now: number): Account {
  const { lists, searched, stored } = isObject(entry) ? entry : {};
  const all = isObject(lists) ? Object.entries(lists) : [];
  const known = all.flatMap(([path, list]) => {
    const valid = listIn(list, now);
    return valid ? [[path, valid] as const] : [];
  });
  return { lists: new Map(known), searched: timeIn(searched, now) ?? 0, stored: typeof stored === 'string' ? stored : undefined };
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

/** A time in ms; undefined if it is in the future. */
function timeIn(value: unknown, now: number): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return ms <= now ? ms : undefined;
}

/** Writes the remembered names, the newest where there are too many. */
export function writeAccounts(file: string, accounts: Accounts): void {
  const newest = ({ lists }: Account) => Math.max(...[...lists.values()].map(({ read }) => read));
  const kept = [...accounts]
    .filter(([, { lists }]) => lists.size > 0)
    .toSorted(([, one], [, other]) => newest(other) - newest(one))
    .slice(0, MOST_ACCOUNTS);
  let room = MOST_NAMES;
  const shown = kept.map(([name, { lists, searched, stored }]) => {
    const texts: Record<string, object> = {};
    for (const [path, { read, items, past }] of [...lists].toSorted(([, one], [, other]) => other.read - one.read)) {
      room -= (items ?? past ?? []).length;
      if (room >= 0) texts[path] = { read: new Date(read).toISOString(), items, past };
    }
    return [name, { ...(searched > 0 && { searched: new Date(searched).toISOString() }), stored, lists: texts }] as const;
  });
  writeText(file, `${JSON.stringify({ version: VERSION, accounts: Object.fromEntries(shown) }, null, 1)}\n`);
}
