import { type Detail, type DnxError, usage } from '../../base/errors.ts';
import { type JsonObject, toJson } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { inParallel } from '../../base/parallel.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { either, item, number, objectOf, word, words } from '../../cli/language/shape.ts';
import { done, textView } from '../../cli/output/view.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf } from '../../machine/world.ts';
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
import { databasesOfPreviews, isPreview } from '../preview/names.ts';
import { isSpent } from '../site/certificate.ts';
import { countLists, type Narrowing, unreadLists } from './compare.ts';
import { readState, STATE_FILE, saveState, stateIn } from './file.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type Comparison, type Entry, type Row, type StateFile, type Unread, unreadError } from './model.ts';
import { compareItems, completed, type RowContext, repeatedEntries } from './rows.ts';
import { nameFieldOf } from './words.ts';
import { emptyState, exportedFields, type RefusedValue, schemaUrl, type WrittenState, writeRows } from './write.ts';

interface ExportOptions extends Narrowing {
  readonly out: string | undefined;
  /** The variables and lists of which secrets are written. */
  readonly allowed: readonly string[];
}

/** A new state file, or what was written to one. */
export const exportShape = either(objectOf({ file: word, entries: number, secrets: words }), item);

/** Writes a state file from what is there. One that exists keeps what stands. */
export async function exportState(ctx: Context, { out, allowed, ...narrowing }: ExportOptions) {
  const state = stateToWrite(out, ctx.world);
  const fleet = openFleet(ctx, 'export');
  const { rows, unread } = await readScope(ctx, state, fleet, narrowing);
  requireKnown(allowed, rows);
  const written = writeRows(state, rows, allowed);
  if (written.refused.length > 0) throw refusal(written.refused);
  const isNew = state.entries.length === 0;
  const text = isNew && state.name.endsWith('.json') ? newJson(written) : written.text;
  // What cannot be read again is in no file.
  const { entries } = stateIn(text, state.name);
  const note = leftOut(written);
  const shown = { ...(note !== undefined && { note }), exit: unreadError(unread, 'so not everything is in the file') };
  if (out === undefined) return { view: textView(written.text, written.data as JsonObject), ...shown };
  const isChanged = isNew || text !== state.text;
  if (isChanged) saveState(state, text, ctx.world);
  const sentence = isChanged ? `Wrote ${state.name}: ${counted(entries.length, 'entry')}` : `${state.name} is up to date`;
  return { view: done(sentence, { file: state.name, entries: entries.length, secrets: written.secrets }, removedFrom(rows)), ...shown };
}

/** What the file had, and Deploynix does not. */
function removedFrom(rows: readonly Row[]): readonly Detail[] {
  const removed = rows.filter(({ entry, outcome }) => outcome === 'missing' && !entry?.inEnvFile);
  const names = removed.map(({ kind, entry }) => resourceName(entry?.fields ?? {}, kind) ?? title(kind));
  return names.length === 0 ? [] : [['removed', `${names.join(', ')}; not at Deploynix`]];
}

const newJson = ({ data }: WrittenState): string => `${toJson({ $schema: schemaUrl, ...(data as JsonObject) }, 2)}\n`;

/** A line of a file that has nothing in it. */
const NOTHING = /^(\s*(#.*)?|---|\.\.\.)$/;

function stateToWrite(out: string | undefined, world: Context['world']): StateFile {
  const name = out ?? STATE_FILE;
  const path = pathOf(name, world);
  const text = (out !== undefined && readText(path)) || '';
  if (text.split(/\r?\n/).some((line) => !NOTHING.test(line))) return readState(name, world);
  const state = emptyState(name, path);
  return text === '' ? state : { ...state, text };
}

/** Fails for a key of --allow-secret that nothing has, which may be a typo. */
function requireKnown(allowed: readonly string[], rows: readonly Row[]): void {
  const variables = rows.flatMap(({ kind, entry, item: shown }) => (kind === 'variable' ? [wordOf((entry?.fields ?? shown)?.key)] : []));
  const known = [...variables, ...kindNames.map((kind) => kindOf(kind).section)];
  const unknown = allowed.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw usage(
    `Nothing that is exported is called '${unknown}'.${didYouMean(unknown, known)}`,
    'Use the name of a variable or of a list of the file.',
  );
}

/** Nothing can stand for a secret in a command or URL, so the whole export fails. */
function refusal(refused: readonly RefusedValue[]): DnxError {
  const keys = [...new Set(refused.map(({ key }) => key))];
  return usage(
    `${counted(refused.length, 'value')} may hold a secret, and nothing can stand for it in a file.`,
    `Move it to a variable, or write it with: ${keys.map((key) => `--allow-secret ${key}`).join(' ')}`,
  ).with({ details: refused.map(({ place, value }) => [place, value] as const) });
}

const SHOWN_KEYS = 5;

function leftOut({ secrets }: WrittenState): string | undefined {
  if (secrets.length === 0) return undefined;
  const counts = new Map(secrets.map((name) => [name, secrets.filter((other) => other === name).length]));
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  const more = names.length > SHOWN_KEYS ? ', …' : '';
  const values = secrets.length === 1 ? 'The value of 1 variable is' : `The values of ${counted(secrets.length, 'variable')} are`;
  return `${values} not in the file: ${names.slice(0, SHOWN_KEYS).join(', ')}${more}.`;
}

/** A server, and what of it is exported: everything, or these sites. */
interface ServerScope {
  readonly server: Target;
  readonly record: JsonObject;
  readonly sites: readonly Target[] | 'all';
}

/** What is exported. The repositories of the account belong to all of it alone. */
interface Scope {
  readonly servers: readonly ServerScope[];
  readonly isWhole: boolean;
}

const SERVER = operationPath(readEndpoints.server);
const SITE = operationPath(readEndpoints.site);

/** What a command line names; else the site or server of the settings, else everything. */
async function scopeOf(ctx: Context, fleet: Fleet, { servers, sites }: Narrowing): Promise<Scope> {
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
async function readScope(ctx: Context, state: StateFile, fleet: Fleet, narrowing: Narrowing): Promise<Comparison> {
  const scope = await scopeOf(ctx, fleet, narrowing);
  const sites = await inParallel(scope.servers, (part) => sitesIn(fleet, part, state));
  const previews = sites.flatMap((part) => part.previews);
  const lists = scope.servers.filter(({ sites }) => sites === 'all').length * SERVER_KINDS.length;
  const length = lists + sites.flatMap(({ items }) => items).length * SITE_KINDS.length;
  const next = await countLists(ctx, length, narrowing);
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
  const lists = await inParallel(SERVER_KINDS, (kind) => listRows(reading, kind, { server }, reading.next));
  const databases = lists.flatMap(({ rows }) => rows.filter(({ kind, item }) => kind === 'database' && item !== undefined));
  const users = await inParallel(databases, ({ item = {} }) => listRows(reading, 'user', { server, database: targetOf(item, 'database') }));
  return joined([own, ...lists, ...users]);
}

async function siteRows(reading: Reading, server: Target, items: readonly JsonObject[]): Promise<Comparison> {
  const own = await rowsOf(reading, 'site', { server }, items);
  const sites = own.rows.flatMap(({ item, outcome }) => (item && outcome !== 'twin' ? [targetOf(item, 'site')] : []));
  const places = sites.flatMap((site) => SITE_KINDS.map((kind) => ({ kind, place: { server, site } })));
  return joined([own, ...(await inParallel(places, ({ kind, place }) => listRows(reading, kind, place, reading.next)))]);
}

const joined = (parts: readonly Comparison[]): Comparison => ({
  rows: parts.flatMap(({ rows }) => rows),
  unread: parts.flatMap(({ unread }) => unread),
});

async function listRows(reading: Reading, kind: KindName, place: Targets, next = () => {}): Promise<Comparison> {
  const { items, error, fix } = await reading.fleet.list(kind, targetIds(place));
  next();
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
  const named = Object.entries(kindOf(kind).by ?? {}).filter(([field]) => items.some((item) => wordOf(item[field]) !== ''));
  const unnamed = await unreadLists(
    fleet,
    named.map(([, noun]) => noun),
  );
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
