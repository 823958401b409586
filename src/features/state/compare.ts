import { DnxError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { inParallel } from '../../base/parallel.ts';
import { counted, flagName, inQuotes, orList, wordOf } from '../../base/text.ts';
import { duration, SECOND } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { kindNames, kindOf, kinds } from '../../platform/kinds.ts';
import { domainKey, idIn, resourceName, sameDomain, type Target, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { ambiguous, ambiguousSite } from '../../platform/names/unresolved.ts';
import { countProgress } from '../overview/lists.ts';
import { isSpent } from '../site/certificate.ts';
import type { Fleet } from './fleet.ts';
import type { Comparison, DeclaredList, Entry, OwnedList, PlaceNames, Row, StateFile, Unread } from './model.ts';
import { compareItems, type Resolve, type RowContext } from './rows.ts';
import { positionIn } from './source.ts';

interface CompareOptions extends Narrowing {
  /** Reads a reference to a value that the API shows. Without it, none is read. */
  readonly resolve?: Resolve | undefined;
}

/** Compares a state file, or a part of it, with what is there. Throws for a server that is missing, and for what cannot be told apart. */
export async function compareState(ctx: Context, state: StateFile, fleet: Fleet, options: CompareOptions): Promise<Comparison> {
  const { lists, unread } = await declaredLists(fleet, state, options);
  const next = await countLists(ctx, lists.length, options);
  const comparing = { ctx, state, fleet, resolve: options.resolve, parents: new Map<string, Target>(), unshown: new Set<string>() };
  const parts: Comparison[] = [{ rows: [], unread: [...unread, ...(await unreadNames(fleet, lists))] }];
  // What has lists is found before its lists are read.
  for (const under of [['account'], ['server'], ['site', 'database']]) {
    const level = lists.filter(({ kind }) => under.includes(kindOf(kind).under));
    const compareOne = async (list: DeclaredList) => {
      const part = await compareList(list, comparing);
      next();
      return part;
    };
    parts.push(...(await inParallel(level, compareOne)));
  }
  ctx.progress.done();
  const order = ({ kind }: Row) => kindNames.indexOf(kind);
  return {
    rows: parts.flatMap(({ rows }) => rows).toSorted((one, other) => order(one) - order(other)),
    unread: parts.flatMap((part) => part.unread),
  };
}

/** The lists of names that the file has for ids, if they could not be read and are none of its own. */
async function unreadNames(fleet: Fleet, lists: readonly DeclaredList[]): Promise<readonly Unread[]> {
  const nouns = lists.flatMap(({ kind, entries }) =>
    Object.entries(kindOf(kind).by ?? {}).flatMap(([field, noun]) => (entries.some(({ fields }) => field in fields) ? [noun] : [])),
  );
  const others = nouns.filter((noun) => !lists.some(({ kind }) => kind === noun));
  return unreadLists(fleet, [...new Set(others)]);
}

/** Those of the lists of these nouns that could not be read. */
export async function unreadLists(fleet: Fleet, nouns: readonly string[]): Promise<readonly Unread[]> {
  const readings = await inParallel(nouns, (noun) => fleet.list(noun));
  return readings.flatMap(({ error, fix }) => (error ? [{ kind: 'git_repository' as const, place: {}, error, fix }] : []));
}

/** Counts the lists that are read. Says first how long that takes, if it is more than a window of the rate limit. */
export async function countLists(ctx: Context, count: number, { servers, sites }: Narrowing): Promise<() => void> {
  const { limit, remaining, window_s } = await ctx.api.rate();
  const pauses = limit === null || window_s === null ? 0 : Math.ceil((count - (remaining ?? limit)) / limit);
  const narrow = servers.length + sites.length === 0 ? '. Narrow it with --server or --site' : '';
  if (pauses > 0)
    ctx.progress.step(`Reading ${counted(count, 'list')} takes about ${duration(pauses * (window_s ?? 0) * SECOND)}${narrow}`);
  return countProgress(ctx, 'Reading', count, 'list');
}

interface Comparing extends RowContext {
  readonly ctx: Context;
  /** The sites and databases of the file, by `parentKey`. Those that are still to be created have no id. */
  readonly parents: Map<string, Target>;
}

const parentKey = (kind: 'site' | 'database', server: Target | undefined, name: string | undefined): string =>
  `${kind} ${server?.id} ${kind === 'site' ? domainKey(name ?? '') : name}`;

/** What has a list; undefined if that could not be read. */
function placeOf({ kind, server, names }: DeclaredList, parents: Comparing['parents']): Targets | undefined {
  const { under } = kindOf(kind);
  if (under === 'account') return {};
  const place: Targets = server ? { server } : {};
  if (under === 'server') return place;
  const parent = parents.get(parentKey(under, server, names[under]));
  return parent && { ...place, [under]: parent };
}

const isCreated = (place: Targets): boolean => Object.values(place).every(({ id }) => id !== '');

async function compareList(list: DeclaredList, comparing: Comparing): Promise<Comparison> {
  const { kind } = list;
  const { fleet, parents } = comparing;
  const place = placeOf(list, parents);
  if (!place) return { rows: [], unread: [] };
  const isThere = isCreated(place) && (list.server !== undefined || kindOf(kind).under === 'account');
  const { items, error, fix } = isThere ? await fleet.list(kind, targetIds(place)) : { items: [] };
  if (error) return { rows: [], unread: [{ kind, place, error, fix }] };
  const now = comparing.ctx.clock.now();
  const living = kind === 'certificate' ? items.filter((item) => !isSpent(item, now)) : items;
  const comparison = await compareItems({ ...list, place }, living, comparing);
  for (const { entry, item, outcome } of comparison.rows) {
    if ((kind !== 'site' && kind !== 'database') || !entry || outcome === 'twin') continue;
    const name = resourceName(entry.fields, kind) ?? '';
    parents.set(parentKey(kind, list.server, name), { id: idIn(item?.id) ?? '', label: resourceName(item ?? {}, kind) ?? name });
  }
  return comparison;
}

/** The servers and sites to which a command is narrowed; all of them if both are empty. */
export interface Narrowing {
  readonly servers: readonly string[];
  readonly sites: readonly string[];
}

type Part = Entry | OwnedList;
type Servers = Awaited<ReturnType<Fleet['servers']>>;

/** The lists that a state file speaks of, in the part to which a command is narrowed. Throws for a server that is not there. */
async function declaredLists(fleet: Fleet, state: StateFile, narrowing: Narrowing) {
  const parts = [...state.entries, ...state.owned].filter((part) => isWanted(namesOf(part), narrowing));
  const servers = parts.every(({ kind }) => kind === 'git_repository') ? [] : await fleet.servers();
  const floating = parts.filter(isEntry).filter(({ kind, place }) => kind === 'site' && place.server === undefined);
  const { found, unread } = await findSites(fleet, floating, searchedServers(servers, narrowing));
  const known = new Map<string, Target>();
  const placed = parts.flatMap((part): readonly Placed[] => {
    const { server: name, site } = namesOf(part);
    if (name !== undefined) {
      const server = known.get(name) ?? serverNamed(name, servers, part, state);
      known.set(name, server);
      return [{ part, server }];
    }
    const server = site === undefined ? undefined : found.get(domainKey(site));
    const mayBeElsewhere = site !== undefined && !server && (unread.length > 0 || narrowing.servers.length > 0);
    return mayBeElsewhere ? [] : [{ part, server }];
  });
  const words = [...narrowing.servers, ...narrowing.sites];
  if (placed.length === 0 && unread.length === 0 && words.length > 0) throw nothingIn(state, words);
  const others = state.entries.filter((entry) => entry.kind === 'site' && !parts.includes(entry));
  return { lists: listsOf(placed, others), unread };
}

/** A part of the file, and the server where it belongs. */
interface Placed {
  readonly part: Part;
  readonly server: Target | undefined;
}

/** Parts by the list that has them. `others`: the sites to which the command is not narrowed. */
function listsOf(placed: readonly Placed[], others: readonly Entry[]): readonly DeclaredList[] {
  const lists = new Map<string, DeclaredList & { readonly entries: Entry[] }>();
  for (const { part, server } of placed) {
    const { kind, place } = part;
    const at = kind === 'server' ? undefined : server;
    const key = JSON.stringify([kind, at?.id, domainKey(place.site ?? ''), place.database]);
    const beside = kind === 'site' ? others.filter((entry) => [undefined, server?.label].includes(entry.place.server)) : [];
    const list = lists.get(key) ?? { kind, server: at, names: place, entries: [], others: beside, isOwned: false };
    if (isEntry(part)) list.entries.push(part);
    lists.set(key, isEntry(part) ? list : { ...list, isOwned: true });
  }
  return [...lists.values()];
}

const isEntry = (part: Part): part is Entry => 'fields' in part;

/** The server and the site that a part of the file is, or that have it. */
function namesOf(part: Part): PlaceNames {
  if (!isEntry(part)) return part.place;
  if (part.kind === 'server') return { server: wordOf(part.fields.name) };
  return part.kind === 'site' ? { ...part.place, site: wordOf(part.fields.domain) } : part.place;
}

/** A site of which the file does not name the server may be on any. */
function isWanted({ server, site }: PlaceNames, { servers, sites }: Narrowing): boolean {
  if (servers.length > 0 && !(server === undefined ? site !== undefined : servers.includes(server))) return false;
  return sites.length === 0 || (site !== undefined && sites.some((word) => isSiteNamed(word, site, server)));
}

const isSiteNamed = (word: string, site: string, server: string | undefined): boolean =>
  sameDomain(word, site) || (server !== undefined && word.startsWith(`${server}/`) && sameDomain(word.slice(server.length + 1), site));

const searchedServers = (servers: Servers, narrowing: Narrowing): readonly Target[] =>
  servers
    .filter(([, record]) => narrowing.servers.length === 0 || narrowing.servers.includes(resourceName(record, 'server') ?? ''))
    .map(([target]) => target);

/** The servers of sites by domain. `unread`: the servers whose sites could not be read, so that one that was not found may be there. */
async function findSites(fleet: Fleet, entries: readonly Entry[], servers: readonly Target[]) {
  const searched = entries.length === 0 ? [] : servers;
  const readings = await inParallel(searched, async (server) => ({ server, reading: await fleet.sites(server) }));
  const unread = readings.flatMap(({ server, reading: { error, fix } }): readonly Unread[] =>
    error ? [{ kind: 'site', place: { server }, error, fix }] : [],
  );
  const placesOf = (domain: string) =>
    readings.flatMap(({ server, reading: { items = [] } }) =>
      items.filter((site) => sameDomain(wordOf(site.domain), domain)).map((site) => ({ server, site: targetOf(site, 'site') })),
    );
  const found = new Map<string, Target>();
  for (const { fields, renamedFrom } of entries) {
    const domain = wordOf(fields.domain);
    const places = placesOf(domain);
    const [place, ...others] = places.length === 0 && renamedFrom !== undefined ? placesOf(renamedFrom) : places;
    if (place && others.length > 0) throw ambiguousSite(domain, [place, ...others]).withHint('Name its server: SERVER/SITE.');
    if (place) found.set(domainKey(domain), place.server);
  }
  return { found, unread: found.size === entries.length ? [] : unread };
}

function serverNamed(name: string, servers: Servers, part: Part, state: StateFile): Target {
  const entry = state.entries.find(({ kind, fields }) => kind === 'server' && fields.name === name);
  const named = (word: string) => servers.filter(([, record]) => resourceName(record, 'server') === word);
  const found = named(name).length === 0 && entry?.renamedFrom !== undefined ? named(entry.renamedFrom) : named(name);
  const [[target] = []] = found;
  if (!target) throw missingServer(name, servers, { entry, file: positionIn(state, entry ?? part) });
  const records = found.map(([, record]) => record);
  if (records.length > 1)
    throw ambiguous('server', name, records).with({ hint: 'Give one of them another name.', details: [['file', positionIn(state, part)]] });
  return target;
}

function missingServer(
  name: string,
  servers: Servers,
  { entry, file }: { readonly entry: Entry | undefined; readonly file: string },
): DnxError {
  const names = servers.map(([{ label }]) => label);
  const near = didYouMean(name, names);
  const flags = Object.entries(entry?.fields ?? {})
    .filter(([field]) => kinds.server.fixed.some((other) => other === field))
    .flatMap(([field, value]) => [flagName(field), wordOf(value)]);
  const create = { command: ['server', 'create', name, ...flags], why: 'A state file creates no server. Create it with' };
  return new DnxError('not_found', `${file}: Server ${inQuotes(name)} not found.${near}`, {
    reason: 'name_unknown',
    ...(near === '' && { next: [create] }),
  });
}

/** The error for a part of the file that there is not. */
function nothingIn({ name, entries }: StateFile, words: readonly string[]): DnxError {
  const known = entries.flatMap((entry) => Object.values(namesOf(entry)));
  const near = words.length === 1 ? didYouMean(words[0] ?? '', known) : '';
  return new DnxError('not_found', `${name} does not have ${orList(words)}.${near}`, { reason: 'name_unknown' });
}
