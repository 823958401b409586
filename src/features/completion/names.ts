import { join } from 'node:path';
import { type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { isPlain } from '../../cli/output/text.ts';
import { accountName } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { fill, parameters } from '../../platform/api/endpoint.ts';
import { accountKey, accountStored, type NameList, type NamesAccount, readAccounts } from '../../platform/names/index-file.ts';
import { matching } from '../../platform/names/match.ts';
import { isIdOf, resourceName } from '../../platform/names/names.ts';
import { choices, listOfKind, namings } from '../../platform/names/namings.ts';
import type { OfferedWord } from './offer.ts';

type Lists = NamesAccount['lists'];
type Words = Readonly<Record<string, string | undefined>>;

/** Longer names are not offered. */
const LONGEST = 200;

/** The lists that the token in use has read. In doubt about whose they are, there are none. */
export function rememberedLists({ env, clock }: Pick<World, 'env' | 'clock'>, settings: Settings): Lists {
  const { blocked, directories, config, host } = settings;
  const none: Lists = new Map();
  const token = env.DNX_TOKEN?.trim();
  const stored = config.accounts?.[accountName(settings)]?.stored_at;
  if (blocked.requests || (!token && (blocked.storedToken || !stored))) return none;
  const accounts = readAccounts(join(directories.cache, 'names.json'), clock.now());
  const account = token ? accounts.get(accountKey({ ...settings, host }, token)) : accountStored(accounts, settings, stored ?? '');
  return account?.lists ?? none;
}

/** The names of a kind in these lists, under the parents that are given. */
export function offeredNames(lists: Lists, kind: string, parents: Words): readonly OfferedWord[] {
  const found = new Map<string, OfferedWord>();
  for (const [path, list] of lists) {
    const ids = idsAt(path, kind);
    if (!ids || !Object.entries(parents).every(([noun, word]) => isUnder(lists, ids, noun, word))) continue;
    for (const item of itemsOf(list)) {
      const value = offeredName(kind, item);
      if (value !== undefined && !found.has(value)) found.set(value, { value, help: helpFor(kind, item, ids, lists) });
    }
  }
  return [...found.values()];
}

/** What a list had before a change is still offered. */
const itemsOf = (list: NameList | undefined): readonly JsonObject[] => list?.items ?? list?.past ?? [];

/** The name of a resource as a user would type it; undefined if it would be read as an id or an option, or a terminal would not show it as it is. */
export function offeredName(kind: string, item: JsonObject): string | undefined {
  const choice = own(choices, kind);
  const name = choice ? wordOf(item[choice.key]) : resourceName(item, kind);
  if (name === undefined || name === '' || name.length > LONGEST || /^[-\s]|\s$/.test(name)) return undefined;
  // Building the pattern takes as long as compiling 20 kB.
  if (!isPlain(name) && /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return undefined;
  return !choice && isIdOf(kind, name) ? undefined : name;
}

/** The ids in the path of a list of this kind, by parameter; undefined for another path. */
function idsAt(path: string, kind: string): Words | undefined {
  const parts = path.split('/');
  const pattern = [listOfKind(kind), namings[kind]?.broader]
    .map((list) => list?.replace('GET ', '').split('/') ?? [])
    .find((each) => each.length === parts.length && each.every((part, at) => part.startsWith('{') || part === parts[at]));
  return pattern && Object.fromEntries(pattern.flatMap((part, at) => (part.startsWith('{') ? [[part.slice(1, -1), idIn(parts[at])]] : [])));
}

const idIn = (part = ''): string => decodeURIComponent(part);

/** True if the parent in the path of a list is the one that a word means. */
function isUnder(lists: Lists, ids: Words, noun: string, word: string | undefined): boolean {
  const id = ids[noun];
  const naming = own(namings, noun);
  if (word === undefined || id === word) return true;
  if (id === undefined) return false;
  const [server, site] = noun === 'site' && word.includes('/') ? word.split('/', 2) : [undefined, word];
  if (server !== undefined && !isUnder(lists, ids, 'server', server)) return false;
  const known = [...lists].flatMap(([path, list]) => (idsAt(path, noun) ? itemsOf(list) : []));
  return naming !== undefined && matching(known, site ?? '', naming).some((each) => wordOf(each.id) === id);
}

/** A site's server, and what else a list shows of a resource: an address or a port. */
function helpFor(kind: string, item: JsonObject, ids: Words, lists: Lists): string {
  if (kind !== 'site') return wordOf(item[namings[kind]?.keys[1] ?? '']);
  const server = itemsOf(lists.get(fill('GET /servers', {}).path)).find(({ id }) => id === ids.server);
  return server ? `on ${resourceName(server, 'server')}` : '';
}

/** The options that narrow the names of a kind: `server` for a database. */
export const narrowingOptions = (kind: string): readonly string[] => parameters(listOfKind(kind) ?? 'GET /');
