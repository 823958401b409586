import { join } from 'node:path';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { tokenFingerprint } from '../../machine/credentials/fingerprint.ts';
import { accountName, type Identity } from '../../machine/credentials/tokens.ts';
import type { Clock } from '../../machine/world.ts';
import type { Observer } from '../api/api.ts';
import { type Endpoint, fill } from '../api/endpoint.ts';
import { type Account, type Accounts, type NameList, readAccounts } from './index-file.ts';
import { idIn, nameOf } from './names.ts';
import { nounAt } from './namings.ts';
import { addChange, dropStale, listingIn, type News, noNews } from './news.ts';
import { keepOffered } from './offering.ts';
import { save } from './saving.ts';

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
 * Remembers the names in the lists that a token reads, in a file for all accounts. `recall.ts` checks what was trusted.
 * Variables and tokens are never written: their names say what secrets there are.
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
  /** The config directory. */
  readonly config: string;
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
  const { accounts, inUse, use, news, remembered, ignore } = openMemory(file, options);
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
      return items && maxAge > 0 && age <= maxAge ? { items, path, age } : undefined;
    },
    nameOf(noun, id) {
      names ??= namesById([...(remembered()?.lists ?? []), ...(news()?.own ?? [])]);
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
      const changed = isNews && (await save(file, accounts, { clock, signal }));
      await keepOffered({ ...options, directory, index: file, account: inUse(), isNews, changed, signal });
    },
  };
}

/** What this command has read, by account, and what was remembered before. */
function openMemory(file: string, { token, fresh, clock, ...identity }: Omit<Options, 'directory' | 'signal'>) {
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
    inUse: () => account,
    async use(): Promise<string> {
      const held = await token();
      account = `${accountName(identity)} ${tokenFingerprint(held, identity.host)}`;
      if (!accounts.has(account)) accounts.set(account, noNews());
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
