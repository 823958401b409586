import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { type JsonObject, toJson } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Identity } from '../../machine/credentials/tokens.ts';
import type { Waiting } from '../../machine/files/lock.ts';
import { makeDirectory } from '../../machine/files/text-file.ts';
import type { Clock } from '../../machine/world.ts';
import type { Observer } from '../api/api.ts';
import { type Endpoint, fill } from '../api/endpoint.ts';
import { type Account, type Accounts, accountKey, type NameList, readAccounts, writeAccounts } from './index-file.ts';
import { idIn, nameOf } from './names.ts';
import { namings, nounAt } from './namings.ts';
import { addChange, dropStale, listingIn, type News, noNews } from './news.ts';

/** A list of ids and names. */
export interface Recalled {
  readonly items: readonly JsonObject[];
  readonly path: string;
  /** Ms since it was read; undefined if this command read it. */
  readonly age: number | undefined;
}

/** A remembered name that was trusted. */
export interface Trusted {
  /** The word given for it. */
  readonly word: string;
  /** In ms. */
  readonly age: number;
  /** The path of its list; undefined for a site found on all servers. */
  readonly list?: string;
}

/**
 * Remembers the names in the lists that a token reads, in a file for all accounts. `recall.ts` checks what was trusted, and completion
 * offers them. Values are never written.
 */
export interface NameIndex extends Observer {
  /** The token for requests, whose names these are. */
  token(): Promise<string>;
  /** A list that this command has read, or another at most `maxAge` ms ago if that is not 0. */
  recall(list: Endpoint, parents: object, maxAge: number): Promise<Recalled | undefined>;
  /** The name of a resource in a remembered list. */
  nameOf(noun: string, id: unknown): string | undefined;
  /** Notes that the sites of every server have been read. */
  searched(): void;
  /** Ms since then; infinite if unknown. */
  searchedFor(): number;
  /** What was trusted, by noun and id: `site 7`. */
  readonly trusted: Map<string, Trusted>;
  /** Recalls this list no more, or none at all, because something trusted may be wrong. */
  forget(list?: string): void;
  /** Writes what this command has read, unless the file already says so. Never fails. */
  save(): Promise<void>;
}

interface Options extends Identity {
  readonly directory: string;
  /** When the token was stored, if it is not that of DNX_TOKEN. */
  readonly stored: string | undefined;
  readonly token: () => Promise<string>;
  /** True for --no-cache: nothing is recalled. */
  readonly fresh: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Opens the index. Its file is not read before it is needed. */
export function openNameIndex({ directory, signal, ...options }: Options): NameIndex {
  const file = join(directory, 'names.json');
  const { clock } = options;
  const { accounts, use, news, remembered, ignore } = openMemory(file, options);
  const trusted = new Map<string, Trusted>();
  let names: ReadonlyMap<string, string> | undefined;
  return {
    token: use,
    trusted,
    listing(endpoint, params, since) {
      const own = news();
      return (
        own &&
        listingIn(own, fill(endpoint, { ...params }).path, since, () => {
          names = undefined;
        })
      );
    },
    changed(method, path) {
      const own = news();
      if (own) addChange(own, { method, path: path.replace(/\?.*/, ''), at: clock.now() });
    },
    async recall(endpoint, parents, maxAge) {
      if (!news()) await use();
      const { path } = fill(endpoint, { ...parents });
      const own = news()?.own.get(path)?.items;
      if (own) return { items: own, path, age: undefined };
      const { read, items } = remembered()?.lists.get(path) ?? { read: 0 };
      const age = clock.now() - read;
      return items && maxAge > 0 && age <= maxAge && isTrusted(path) ? { items, path, age } : undefined;
    },
    nameOf(noun, id) {
      names ??= namesById([...[...(remembered()?.lists ?? [])].filter(([path]) => isTrusted(path)), ...(news()?.own ?? [])]);
      return names.get(`${noun} ${idIn(id)}`);
    },
    searched() {
      const own = news();
      if (own) own.searched = clock.now();
    },
    searchedFor() {
      const last = Math.max(remembered()?.searched ?? 0, news()?.searched ?? 0);
      return last === 0 ? Number.POSITIVE_INFINITY : clock.now() - last;
    },
    forget(list) {
      ignore(list);
      names = undefined;
    },
    async save() {
      const isNews = [...accounts.values()].some(({ lists, changes }) => lists.size > 0 || changes.length > 0);
      if (isNews) await saveNews(file, accounts, { clock, signal });
    },
  };
}

/** What this command has read, by account, and what was remembered before. */
function openMemory(file: string, { token, stored, fresh, clock, ...identity }: Omit<Options, 'directory' | 'signal'>) {
  const accounts = new Map<string, News>();
  let account = '';
  let saved: Accounts | undefined;
  const forgotten = new Set<string>();
  let ignored = fresh;
  /** Undefined before the token is read. */
  const news = (): News | undefined => accounts.get(account);
  return {
    accounts,
    news,
    async use(): Promise<string> {
      const held = await token();
      account = accountKey(identity, held);
      if (!accounts.has(account)) accounts.set(account, noNews(stored));
      return held;
    },
    /** What other commands remembered for this token, without what this one has made stale. */
    remembered(): Account | undefined {
      if (ignored || account === '') return undefined;
      saved ??= readAccounts(file, clock.now());
      const found = saved.get(account);
      if (!found) return undefined;
      for (const each of news()?.changes ?? []) dropStale(found.lists, each);
      for (const each of forgotten) found.lists.delete(each);
      return found;
    },
    ignore(list: string | undefined) {
      if (list === undefined) ignored = true;
      else forgotten.add(list);
      for (const { own } of accounts.values()) {
        if (list === undefined) own.clear();
        else own.delete(list);
      }
    },
  };
}

/** False for names that are there for completion alone. */
const isTrusted = (path: string): boolean => !namings[nounAt(path) ?? '']?.completionOnly;

/** Names by noun and id. */
const namesById = (lists: readonly (readonly [path: string, list: NameList])[]): ReadonlyMap<string, string> =>
  new Map(
    lists.flatMap(([path, { items = [] }]) => {
      const noun = nounAt(path) ?? '';
      return items.flatMap((each) => {
        const name = nameOf(each, noun);
        return name === undefined ? [] : [[`${noun} ${wordOf(each.id)}`, name] as const];
      });
    }),
  );

/** How long to wait for the lock, in ms; after that nothing is saved. */
const PATIENCE_MS = 1_000;

/** An unchanged list is written again after this many ms, so that its age counts from the last reading. */
const REFRESH_MS = 60 * 60_000;

/** Adds the news of a command to the file, unless it says all of it. A cache that cannot be written costs requests, not correctness. */
async function saveNews(file: string, news: ReadonlyMap<string, News>, waiting: Waiting & { readonly clock: Clock }): Promise<void> {
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
function apply(accounts: Accounts, news: ReadonlyMap<string, News>, now: number): boolean {
  let changed = false;
  for (const [name, { lists, changes, searched, stored }] of news) {
    const account: Account = accounts.get(name) ?? { lists: new Map(), searched: 0, stored: undefined };
    accounts.set(name, account);
    for (const each of changes) changed = dropStale(account.lists, each) || changed;
    for (const [path, list] of lists) {
      const known = account.lists.get(path);
      // A mark that the list has changed is there already.
      if (known && (known.read > list.read || (known.read === list.read && !list.items))) continue;
      account.lists.set(path, list);
      changed ||= !known || now - known.read >= REFRESH_MS || toJson(known.items) !== toJson(list.items);
    }
    changed ||= searched > account.searched || (stored !== undefined && stored !== account.stored);
    account.searched = Math.max(searched, account.searched);
    account.stored = stored ?? account.stored;
  }
  return changed;
}
