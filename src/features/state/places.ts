import { DnxError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { inParallel } from '../../base/parallel.ts';
import { flagName, inQuotes, orList, wordOf } from '../../base/text.ts';
import { type KindName, kinds } from '../../platform/kinds.ts';
import { domainKey, resourceName, sameDomain, type Target, targetOf } from '../../platform/names/names.ts';
import { ambiguous, ambiguousSite } from '../../platform/names/unresolved.ts';
import type { Fleet } from './fleet.ts';
import type { Entry, OwnedList, PlaceNames, StateFile, Unread } from './model.ts';
import { positionIn } from './source.ts';

/** The servers and sites to which a command is narrowed; all of them if both are empty. */
export interface Narrowing {
  readonly servers: readonly string[];
  readonly sites: readonly string[];
}

/** A list of the API, and what a state file says of it. */
export interface DeclaredList {
  readonly kind: KindName;
  /** Undefined for a list of the account, and for a site that is on no server. */
  readonly server: Target | undefined;
  readonly names: PlaceNames;
  readonly entries: readonly Entry[];
  /** What the list has for entries to which the command is not narrowed. */
  readonly others: readonly Entry[];
  readonly isOwned: boolean;
}

type Part = Entry | OwnedList;
type Servers = Awaited<ReturnType<Fleet['servers']>>;

/** The lists that a state file speaks of, in the part to which a command is narrowed. Throws for a server that is not there. */
export async function declaredLists(fleet: Fleet, state: StateFile, narrowing: Narrowing) {
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
