import { usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { type KindName, kindNames, kindOf } from '../../platform/kinds.ts';
import { compared } from '../../platform/names/existing.ts';
import {
  idIn,
  readEndpoints,
  resourceName,
  sameDomain,
  type Target,
  type Targets,
  targetIds,
  targetOf,
} from '../../platform/names/names.ts';
import { ambiguous, notFound } from '../../platform/names/unresolved.ts';
import { operationPath } from '../../platform/operations.ts';
import { wordList } from '../audit/finding.ts';
import { countProgress } from '../overview/lists.ts';
import { databasesOfPreviews, isPreview } from '../preview/names.ts';
import { isSpent } from '../site/certificate.ts';
import { announce } from './compare.ts';
import type { Fleet } from './fleet.ts';
import type { Comparison, Entry, Row, StateFile, Unread } from './model.ts';
import type { Narrowing } from './places.ts';
import { compareItems, completed, type RowContext } from './rows.ts';
import { repeatedEntries } from './same.ts';
import { nameFieldOf } from './words.ts';
import { exportedFields } from './write.ts';

/** A server, and what of it is exported: everything, or these sites. */
interface ServerScope {
  readonly server: Target;
  readonly record: JsonObject;
  readonly sites: readonly Target[] | 'all';
}

/** What is exported. The repositories of the account belong to all of it alone. */
export interface Scope {
  readonly servers: readonly ServerScope[];
  readonly isWhole: boolean;
}

const SERVER = operationPath(readEndpoints.server);
const SITE = operationPath(readEndpoints.site);

/** What a command line names; else the site or server of the settings, else everything. */
export async function scopeOf(ctx: Context, fleet: Fleet, { servers, sites }: Narrowing): Promise<Scope> {
  const places = await placesOf(ctx, { servers, sites });
  const all = await fleet.servers();
  const namesakes = all.filter(([{ label }, record]) => label !== (resourceName(record, 'server') ?? label));
  const isMeant = ([{ id }]: (typeof all)[number]) => !places || places.some(({ server }) => server?.id === id);
  const meant = namesakes.find(isMeant);
  if (meant)
    throw manyNamed(
      resourceName(meant[1], 'server') ?? '',
      namesakes.map(([, record]) => record),
    );
  if (!places) return { servers: all.map(([server, record]) => ({ server, record, sites: 'all' })), isWhole: true };
  const scopes = new Map<string, ServerScope>();
  for (const { server, site } of places) {
    const [found, record] = all.find(([{ id }]) => id === server?.id) ?? [];
    if (!found || !record) throw notFound('server', server?.label ?? '', []);
    const { sites: before = [] } = scopes.get(found.id) ?? {};
    scopes.set(found.id, { server: found, record, sites: before === 'all' || !site ? 'all' : [...before, site] });
  }
  return { servers: [...scopes.values()], isWhole: false };
}

const manyNamed = (name: string, records: readonly JsonObject[]) =>
  ambiguous(
    'server',
    name,
    records.filter((record) => resourceName(record, 'server') === name),
  ).withHint('A state file has names, and no ids. Give one of them another name.');

async function placesOf({ resolve, settings }: Context, { servers, sites }: Narrowing): Promise<readonly Targets[] | undefined> {
  const [server, ...others] = servers;
  if (sites.length > 0 && others.length > 0) throw usage('Sites are on one server each.', 'Name it with the site: SERVER/SITE.');
  const around = server === undefined ? {} : { server };
  if (sites.length > 0) return inParallel(sites, (site) => resolve(SITE, { ...around, site }), 1);
  if (servers.length > 0) return inParallel(servers, (word) => resolve(SERVER, { server: word }), 1);
  if (settings.site !== undefined) return [await resolve(SITE)];
  return settings.server === undefined ? undefined : [await resolve(SERVER)];
}

interface Reading {
  readonly ctx: Context;
  readonly fleet: Fleet;
  readonly comparing: RowContext;
  readonly next: () => void;
  readonly isOfPreview: (database: JsonObject) => boolean;
}

const SERVER_KINDS = kindNames.filter((kind) => kindOf(kind).under === 'server' && kind !== 'site');
const SITE_KINDS = kindNames.filter((kind) => kindOf(kind).under === 'site');

/** Reads everything of a scope, and compares it with a file, as if that had all of it. */
export async function readScope(ctx: Context, state: StateFile, fleet: Fleet, scope: Scope, narrowing: Narrowing): Promise<Comparison> {
  const sites = await inParallel(scope.servers, (part) => sitesIn(fleet, part, state));
  const previews = sites.flatMap((part) => part.previews);
  const lists = scope.servers.filter(({ sites }) => sites === 'all').length * SERVER_KINDS.length;
  const length = lists + sites.flatMap(({ items }) => items).length * SITE_KINDS.length;
  await announce(ctx, { length }, narrowing);
  const next = countProgress(ctx, 'Reading', length, 'list');
  const comparing: RowContext = { state, fleet, resolve: undefined, unshown: new Set() };
  const reading: Reading = { ctx, fleet, comparing, next, isOfPreview: databasesOfPreviews(previews) };
  const parts: Comparison[] = [];
  for (const { server, record, sites } of scope.servers) if (sites === 'all') parts.push(await serverRows(reading, server, record));
  for (const { server, items, unread } of sites) parts.push({ rows: [], unread }, await siteRows(reading, server, items));
  if (scope.isWhole) parts.push(await listRows(reading, 'git_repository', {}));
  ctx.progress.done();
  if (previews.length > 0) ctx.progress.note(`Previews are not in the file: ${wordList(previews.map(({ domain }) => wordOf(domain)))}.`);
  const { rows, unread } = joined(parts);
  const where = ({ kind, place }: Unread) => JSON.stringify([kind, targetIds(place)]);
  return { rows, unread: [...new Map(unread.map((list) => [where(list), list])).values()] };
}

/** The sites of a scope. Previews come and go, so only those that are named belong to it. */
async function sitesIn(fleet: Fleet, { server, sites }: ServerScope, { entries }: StateFile) {
  const { items = [], error, fix } = await fleet.sites(server);
  const isNamed = ({ domain }: JsonObject) =>
    entries.some(({ kind, fields }) => kind === 'site' && sameDomain(wordOf(fields.domain), wordOf(domain)));
  const previews = sites === 'all' ? items.filter((item) => isPreview(item) && !isNamed(item)) : [];
  const isWanted = (item: JsonObject) => (sites === 'all' ? !previews.includes(item) : sites.some((site) => site.id === idIn(item.id)));
  const unread = error ? [{ kind: 'site' as const, place: { server }, error, fix }] : [];
  return { server, items: items.filter(isWanted), previews, unread };
}

async function serverRows(reading: Reading, server: Target, record: JsonObject): Promise<Comparison> {
  const own = await rowsOf(reading, 'server', {}, [record]);
  const lists = await inParallel(SERVER_KINDS, async (kind) => {
    const list = await listRows(reading, kind, { server });
    reading.next();
    return list;
  });
  const databases = lists.flatMap(({ rows }) => rows.filter(({ kind, item }) => kind === 'database' && item !== undefined));
  const users = await inParallel(databases, ({ item = {} }) => listRows(reading, 'user', { server, database: targetOf(item, 'database') }));
  return joined([own, ...lists, ...users]);
}

async function siteRows(reading: Reading, server: Target, items: readonly JsonObject[]): Promise<Comparison> {
  const own = await rowsOf(reading, 'site', { server }, items);
  const sites = own.rows.flatMap(({ item, outcome }) => (item && outcome !== 'twin' ? [targetOf(item, 'site')] : []));
  const places = sites.flatMap((site) => SITE_KINDS.map((kind) => ({ kind, place: { server, site } })));
  const lists = await inParallel(places, async ({ kind, place }) => {
    const list = await listRows(reading, kind, place);
    reading.next();
    return list;
  });
  return joined([own, ...lists]);
}

const joined = (parts: readonly Comparison[]): Comparison => ({
  rows: parts.flatMap(({ rows }) => rows),
  unread: parts.flatMap(({ unread }) => unread),
});

async function listRows(reading: Reading, kind: KindName, place: Targets): Promise<Comparison> {
  const { items, error, fix } = await reading.fleet.list(kind, targetIds(place));
  return error ? { rows: [], unread: [{ kind, place, error, fix }] } : rowsOf(reading, kind, place, items);
}

async function rowsOf(reading: Reading, kind: KindName, place: Targets, all: readonly JsonObject[]): Promise<Comparison> {
  const { ctx, fleet, comparing, isOfPreview } = reading;
  const now = ctx.clock.now();
  const items = kind === 'certificate' ? all.filter((item) => !isSpent(item, now)) : all;
  const entries = comparing.state.entries.filter((entry) => entry.kind === kind && isAt(entry, place, items));
  const list = { kind, place, server: place.server, names: {}, entries, others: [], isOwned: true };
  const { rows, unread } = await compareItems(list, items, comparing);
  const fields = exportedFields(kind);
  const kept = kind === 'database' ? rows.filter(({ outcome, item = {} }) => outcome !== 'extra' || !isOfPreview(item)) : rows;
  const whole = await inParallel(kept, async (row): Promise<Row> => {
    if (row.outcome !== 'extra' || !row.item) return row;
    const item = await completed(kind, row.item, fields, place, comparing);
    return { ...row, item: await fleet.shown(kind, item) };
  });
  const unnamed = await unreadNames(fleet, kind, items);
  return { rows: withoutRepeated(ctx, kind, whole), unread: [...unread, ...unnamed] };
}

/** True for an entry of a list. A site of which the file names no server is on this one if it has the domain. */
function isAt({ kind, fields, place: names }: Entry, { server, site, database }: Targets, items: readonly JsonObject[]): boolean {
  const isListed = items.some((item) => sameDomain(resourceName(item, kind) ?? '', wordOf(fields[nameFieldOf(kind)])));
  if (kind === 'git_repository') return true;
  if (kind === 'server') return isListed;
  if (kind === 'site') return names.server === server?.label ? true : names.server === undefined && isListed;
  const isOnServer = names.server === server?.label || (site !== undefined && names.server === undefined);
  return isOnServer && sameDomain(names.site ?? '', site?.label ?? '') && names.database === database?.label;
}

/** The lists of names that the file has for ids, if they could not be read. */
async function unreadNames(fleet: Fleet, kind: KindName, items: readonly JsonObject[]): Promise<Comparison['unread']> {
  const needed = Object.entries(kindOf(kind).by ?? {}).filter(([field]) => items.some((item) => wordOf(item[field]) !== ''));
  const readings = await inParallel(needed, ([, noun]) => fleet.list(noun));
  return readings.flatMap(({ error, fix }) => (error ? [{ kind: 'git_repository' as const, place: {}, error, fix }] : []));
}

/** A file says once what is there several times. */
function withoutRepeated({ progress }: Context, kind: KindName, rows: readonly Row[]): readonly Row[] {
  if (kindOf(kind).holdsData) return rows;
  const said = [...exportedFields(kind), nameFieldOf(kind)];
  const entries = rows
    .filter(({ outcome }) => outcome === 'extra')
    .map((row) => ({
      row,
      fields: Object.fromEntries(Object.entries(row.item ?? {}).filter(([field, value]) => said.includes(field) && value !== null)),
    }));
  const isSame = (one: JsonObject, other: JsonObject) => compared(kind, one, other).differences.every(({ field }) => field === 'name');
  const repeated = new Set(
    [...repeatedEntries(kind, entries)].flatMap(([{ row, fields }, first]) =>
      kind === 'certificate' || isSame(fields, first.fields) ? [row] : [],
    ),
  );
  const [first] = repeated;
  const where = Object.values(first?.place ?? {}).at(-1)?.label;
  if (first && kind !== 'certificate') progress.warn(`${where} has ${counted(repeated.size, title(kind))} twice. The file says it once.`);
  return rows.filter((row) => !repeated.has(row));
}
