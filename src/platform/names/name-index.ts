import { join } from 'node:path';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Identity } from '../../machine/settings/config.ts';
import type { Clock } from '../../machine/world.ts';
import type { Listing, Observer } from '../api/api.ts';
import { type Endpoint, fill } from '../api/endpoint.ts';
import {
  type AccountNews,
  type Accounts,
  accountKey,
  dropStale,
  type NameList,
  type NamesAccount,
  readAccounts,
  saveNews,
} from './index-file.ts';
import { choiceAt, choices, idIn, namings, nounAt, resourceName } from './names.ts';

interface RememberedList {
  readonly items: readonly JsonObject[];
  readonly path: string;
  /** Ms since it was read; undefined if this command read it. */
  readonly age: number | undefined;
}

interface TrustedName {
  readonly word: string;
  readonly age: number;
  /** The path of its list; undefined for a site found on all servers. */
  readonly list?: string;
}

interface NameIndexOptions extends Identity {
  readonly directory: string;
  /** When the token was stored, if it is not that of DNX_TOKEN. */
  readonly stored: string | undefined;
  readonly token: () => Promise<string>;
  /** True for --no-cache: nothing is recalled. */
  readonly fresh: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The names that a token has read. */
export type NameIndex = ReturnType<typeof openNameIndex>;

/**
 * Remembers the names in the lists that a token reads, in a file for all accounts, which is not read before it is needed. `resolve.ts` checks
 * what was trusted, and completion offers them. Values are never written.
 */
export function openNameIndex({ directory, signal, ...options }: NameIndexOptions) {
  const file = join(directory, 'names.json');
  const { clock } = options;
  const { accounts, use, news, remembered, ignore } = openMemory(file, options);
  const trusted = new Map<string, TrustedName>();
  let names: ReturnType<typeof namesById> | undefined;
  const outdate = () => {
    names = undefined;
  };
  return {
    ...observing(news, clock, outdate),
    fresh: options.fresh,
    /** The token for requests, whose names these are. */
    token: use,
    /** What was trusted, by noun and id: `site 7`. */
    trusted,
    /** A list that this command has read, or another at most `maxAge` ms ago if that is not 0. */
    async recall(endpoint: Endpoint, parents: object, maxAge: number): Promise<RememberedList | undefined> {
      if (!news()) await use();
      const { path } = fill(endpoint, { ...parents });
      const fresh = news()?.reusable.get(path)?.items;
      if (fresh) return { items: fresh, path, age: undefined };
      const { read, items } = remembered()?.lists.get(path) ?? { read: 0 };
      const age = clock.now() - read;
      return items && maxAge > 0 && age <= maxAge && isTrusted(path) ? { items, path, age } : undefined;
    },
    /** The name of a resource in a remembered list, which was read at most `maxAge` ms ago. */
    nameOf(noun: string, id: unknown, maxAge = Number.POSITIVE_INFINITY): string | undefined {
      names ??= namesById([...[...(remembered()?.lists ?? [])].filter(([path]) => isTrusted(path)), ...(news()?.reusable ?? [])]);
      const { name, read = 0 } = names.get(`${noun} ${idIn(id)}`) ?? {};
      return clock.now() - read <= maxAge ? name : undefined;
    },
    /** Recalls this list no more, or none at all, because something trusted may be wrong. */
    forget(list?: string) {
      ignore(list);
      outdate();
    },
    /** Writes what this command has read, unless the file already says so. Never fails. */
    async save() {
      const isNews = [...accounts.values()].some(({ lists, changes }) => lists.size > 0 || changes.length > 0);
      if (isNews) await saveNews(file, accounts, { clock, signal });
    },
  };
}

interface News extends AccountNews {
  /** The lists that this command may use again. */
  readonly reusable: Map<string, NameList>;
}

/** What this command has read, by account, and what was remembered before. */
function openMemory(file: string, { token, stored, fresh, clock, ...identity }: Omit<NameIndexOptions, 'directory' | 'signal'>) {
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
      if (!accounts.has(account)) accounts.set(account, { lists: new Map(), stored, reusable: new Map(), changes: [] });
      return held;
    },
    /** What other commands remembered for this token, without what this one has made stale. */
    remembered(): NamesAccount | undefined {
      if (ignored || account === '') return undefined;
      saved ??= readAccounts(file, clock.now());
      const found = saved.get(account);
      if (!found) return undefined;
      for (const change of news()?.changes ?? []) dropStale(found.lists, change);
      for (const path of forgotten) found.lists.delete(path);
      return found;
    },
    ignore(list: string | undefined) {
      if (list === undefined) ignored = true;
      else forgotten.add(list);
      for (const { reusable } of accounts.values()) {
        if (list === undefined) reusable.clear();
        else reusable.delete(list);
      }
    },
  };
}

/** False for names that are there for completion alone. */
const isTrusted = (path: string): boolean => !namings[nounAt(path) ?? '']?.completionOnly;

const namesById = (lists: readonly (readonly [path: string, list: NameList])[]) =>
  new Map(
    lists.flatMap(([path, { items = [], read }]) => {
      const noun = nounAt(path) ?? '';
      return items.flatMap((each) => {
        const name = resourceName(each, noun);
        return name === undefined ? [] : [[`${noun} ${wordOf(each.id)}`, { name, read }] as const];
      });
    }),
  );

/** Adds a list while it is read, if it has names or choices. One with an unusable id is left out, so that its error is not lost. */
function listingIn({ reusable, lists }: News, path: string, read: number, added: () => void): Listing | undefined {
  const { key } = choices[choiceAt(path) ?? ''] ?? {};
  const keys = [...(namings[nounAt(path) ?? '']?.keys ?? []), ...(key === undefined || key === 'id' ? [] : [key])];
  if (keys.length === 0 && key === undefined) return undefined;
  const items: JsonObject[] = [];
  let usable = true;
  return {
    add(page) {
      for (const thing of page) {
        const names = namesIn(thing, keys);
        if (names) items.push(names);
        else usable = false;
      }
    },
    done() {
      if (!usable) return;
      // A command that shows choices wants more than their ids.
      if (key === undefined) reusable.set(path, { read, items });
      lists.set(path, { read, items });
      added();
    },
  };
}

/** Takes the lists that are read and what changes them. `outdate` is called when there are other names. */
const observing = (news: () => News | undefined, clock: Clock, outdate: () => void): Observer => ({
  listing(endpoint, params, since) {
    const current = news();
    return current && listingIn(current, fill(endpoint, { ...params }).path, since, outdate);
  },
  changed(method, path) {
    const change = { method, path: path.replace(/\?.*/, ''), at: clock.now() };
    const { reusable, lists, changes } = news() ?? {};
    for (const known of [reusable, lists]) if (known) dropStale(known, change);
    changes?.push(change);
  },
});

/** The id and names of a resource; undefined without a usable id. */
function namesIn(thing: unknown, keys: readonly string[]): JsonObject | undefined {
  const id = isObject(thing) ? idIn(thing.id) : undefined;
  if (!isObject(thing) || id === undefined) return undefined;
  const names = keys.map((key) => [key, wordOf(thing[key])] as const).filter(([, name]) => name !== '');
  return { id, ...Object.fromEntries(names) };
}
