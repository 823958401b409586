import { join } from 'node:path';
import { DnxError, orError } from '../../base/errors.ts';
import { type JsonObject, pick } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { inParallel } from '../../base/parallel.ts';
import { andList, counted, visible, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Result, rows } from '../../cli/output/view.ts';
import { foreignProblem } from '../../machine/settings/link.ts';
import { pathOf } from '../../machine/world.ts';
import { resourceName, sameDomain, type Target, targetOf } from '../../platform/names/names.ts';
import { ambiguous } from '../../platform/names/unresolved.ts';
import { countProgress } from '../overview/lists.ts';
import { type Machine, machineIn, siteOnMachine } from '../remote/machine.ts';
import { AT_A_TIME } from '../remote/side-by-side.ts';
import { unasked } from '../remote/ssh.ts';
import { compareState } from '../state/compare.ts';
import { withoutSecrets } from '../state/drift-rows.ts';
import { readState, STATE_FILE } from '../state/file.ts';
import { type Fleet, openFleet } from '../state/fleet.ts';
import type { Comparison, Entry, Unread } from '../state/model.ts';
import { unreadError } from '../state/model.ts';
import { firstKeyOf } from '../state/words.ts';
import { type ImportedServer, type ImportedSite, type ImportRecord, RECORD_FILE, readRecord } from './record.ts';
import { requestAt } from './verify-answer.ts';
import { answerRows, countedRow, subjectIn, tablesRow, unreadRow, type VerifyRow, verifyColumns } from './verify-rows.ts';
import { countTables } from './verify-tables.ts';

interface VerifyOptions {
  readonly sites: readonly string[];
  readonly servers: readonly string[];
  readonly path: string;
  readonly tables: boolean;
  readonly requests: boolean;
  readonly dir: string;
}

/** What is compared by the lists of Deploynix, and what other platforms call it if it was not moved. Their variables are a file. */
const kinds = {
  daemon: { of: 'server', nouns: ['background process', 'daemon'] },
  crontab: { of: 'server', nouns: ['scheduled job', 'cron job'] },
  variable: { of: 'site', nouns: [] },
  queue: { of: 'site', nouns: ['queue worker'] },
} as const satisfies Record<string, { readonly of: 'server' | 'site'; readonly nouns: readonly string[] }>;

/** A server of Deploynix, and the list of its sites. */
interface FoundServer {
  readonly server: Target;
  readonly data: JsonObject;
  readonly sites: Awaited<ReturnType<Fleet['sites']>>;
}

interface Verifying {
  readonly ctx: Context;
  readonly options: VerifyOptions;
  readonly record: ImportRecord;
  /** The servers that Deploynix has, by name. */
  readonly found: ReadonlyMap<string, FoundServer>;
  /** What the state file says of the servers and sites that are verified. */
  readonly wanted: readonly Entry[];
  readonly comparison: Comparison;
}

/** `dnx import verify`: what was imported, on both sides. Changes nothing on either. */
export async function verifyImport(ctx: Context, options: VerifyOptions): Promise<Result<readonly VerifyRow[]>> {
  for (const name of [RECORD_FILE, STATE_FILE]) {
    const problem = foreignProblem(pathOf(join(options.dir, name), ctx.world), ctx.world);
    if (problem) throw problem;
  }
  const record = readRecord(join(options.dir, RECORD_FILE), ctx.world);
  const state = readState(join(options.dir, STATE_FILE), ctx.world);
  const { servers, sites, around } = chosenIn(record, options);
  const fleet = openFleet(ctx, 'import verify');
  const found = await findServers(fleet, around);
  const isRead = ({ place }: Entry) => place.server === undefined || found.get(place.server)?.sites.items !== undefined;
  const isWanted = (entry: Entry) =>
    (entry.kind in kinds || entry.kind === 'site') && isRead(entry) && [...servers, ...sites].some((of) => isOf(entry, of));
  const wanted = state.entries.filter(isWanted).map((entry) => (['site', 'variable'].includes(entry.kind) ? nameAlone(entry) : entry));
  const comparison = await compareState(ctx, { ...state, entries: wanted, owned: [] }, fleet, { servers: [], sites: [] });
  // Several run side by side, so nothing is asked, and nothing noted between them.
  const quiet = unasked({ ...ctx, progress: { ...ctx.progress, note: () => {} } });
  const verifying: Verifying = { ctx: quiet, options, record, found, wanted, comparison };
  const next = countProgress(ctx, 'Verifying', sites.length, 'site');
  const verifySite = async (site: ImportedSite) => siteRows(verifying, site).finally(next);
  const ofSites = await inParallel(sites, verifySite, AT_A_TIME);
  ctx.progress.done();
  const items = [...servers.flatMap((server) => serverRows(verifying, server)), ...ofSites.flat(), ...leftRows(verifying, servers, sites)];
  const leftOut = [...new Set(items.flatMap(({ left_out: names = [] }) => names))].sort();
  if (leftOut.length > 0) ctx.progress.note(`Not counted, because they change all the time: ${leftOut.join(', ')}.`);
  return { view: rows(items, verifyColumns(record.platform, items), `${RECORD_FILE} has no sites.`), exit: exitOf(items, verifying) };
}

/** The servers and sites of a record to which a command is narrowed. `around`: the servers that have them. */
function chosenIn({ servers, sites }: ImportRecord, { sites: domains, servers: names }: VerifyOptions) {
  const isNamed = (word: string, { server, domain }: ImportedSite) =>
    [domain, `${server}/${domain}`].some((name) => sameDomain(word, name));
  const unknown = [
    ...domains.filter((word) => !sites.some((site) => isNamed(word, site))),
    ...names.filter((word) => !servers.some(({ name }) => name === word)),
  ];
  const known = [...sites.map(({ domain }) => domain), ...servers.map(({ name }) => name)];
  for (const word of unknown)
    throw new DnxError('not_found', `${RECORD_FILE} does not have '${visible(word)}'.${didYouMean(word, known)}`, {
      reason: 'name_unknown',
    });
  const isChosen = (name: string) => names.length === 0 || names.includes(name);
  const around = servers.filter(({ name }) => isChosen(name));
  const wanted = sites.filter((site) => isChosen(site.server) && (domains.length === 0 || domains.some((word) => isNamed(word, site))));
  return { sites: wanted, servers: domains.length > 0 ? [] : around, around };
}

/** The servers of a record that Deploynix has. Throws for a name that several have. */
async function findServers(fleet: Fleet, servers: readonly ImportedServer[]): Promise<Verifying['found']> {
  const all = await fleet.servers();
  const found = await inParallel(servers, async ({ name }) => {
    const named = all.filter(([, data]) => resourceName(data, 'server') === name);
    const [[server, data] = [], ...others] = named;
    if (others.length > 0)
      throw ambiguous(
        'server',
        name,
        named.map(([, record]) => record),
      );
    return server && data ? [[name, { server, data, sites: await fleet.sites(server) }] as const] : [];
  });
  return new Map(found.flat());
}

/** True for what a server of the record has, for a site, and for what belongs to that. The state file may leave out the server of a site. */
function isOf({ kind, place, fields }: Entry, of: ImportedServer | ImportedSite): boolean {
  if (!('domain' in of)) return (kind === 'daemon' || kind === 'crontab') && place.server === of.name;
  const name = kind === 'site' ? wordOf(fields.domain) : place.site;
  return name !== undefined && sameDomain(name, of.domain) && [undefined, of.server].includes(place.server);
}

/** An entry without what needs no comparison, such as the value of a variable. */
const nameAlone = (entry: Entry): Entry => ({
  ...{ ...entry, references: {} },
  fields: pick(entry.fields, (field) => field === firstKeyOf(entry.kind)),
});

/** The sites and servers that were not moved, and what the import could not read. */
function leftRows(
  { record, options }: Verifying,
  servers: readonly ImportedServer[],
  sites: readonly ImportedSite[],
): readonly VerifyRow[] {
  const isNarrowed = options.servers.length + options.sites.length > 0;
  const nameOf = (was: string | undefined) => record.servers.find((server) => server.was === was)?.name ?? was ?? record.account;
  const isAbout = ({ server, site }: { readonly server?: string | undefined; readonly site?: string | undefined }) =>
    !isNarrowed ||
    servers.some(({ was }) => was === server) ||
    (site !== undefined && sites.some((one) => one.server === nameOf(server) && sameDomain(one.domain, site)));
  // A server of the record has a row of its own.
  const isLeft = ({ what, name }: ImportRecord['not_moved'][number]) =>
    what === 'site' || (what === 'server' && !record.servers.some(({ was }) => was === name));
  const unmoved = record.not_moved.filter((thing) => isLeft(thing) && isAbout(thing));
  return [
    ...unmoved.map(({ what, name, server }) =>
      what === 'site'
        ? countedRow({ server: nameOf(server), site: name, compared: 'site' }, 1, [name])
        : countedRow({ server: name, site: null, compared: 'server' }, 1, [name]),
    ),
    ...record.unread
      .filter(isAbout)
      .map(({ server, site, what, why }) =>
        unreadRow({ server: nameOf(server), site: site ?? null }, `${record.platform}: ${what}: ${why}`),
      ),
  ];
}

function serverRows(verifying: Verifying, server: ImportedServer): readonly VerifyRow[] {
  const { name } = server;
  if (!verifying.found.has(name)) return [countedRow({ server: name, site: null, compared: 'server' }, 1, [name])];
  return listedRows(verifying, server);
}

/** What Deploynix has of what the state file names under a server or site, and of what was not moved: a row for each kind. */
function listedRows({ comparison, found, record, wanted }: Verifying, of: ImportedServer | ImportedSite): readonly VerifyRow[] {
  const [server, site] = 'domain' in of ? [of.server, of.domain] : [of.name, null];
  const was = record.servers.find(({ name }) => name === server)?.was;
  return (['daemon', 'crontab', 'variable', 'queue'] as const).flatMap((compared) => {
    const { of: owner, nouns } = kinds[compared];
    if ((owner === 'site') !== (site !== null)) return [];
    const entries = wanted.filter((entry) => entry.kind === compared && isOf(entry, of));
    const isLeft = (thing: ImportRecord['not_moved'][number]) =>
      nouns.some((noun) => noun === thing.what) && thing.server === was && (site === null || thing.site === site);
    const left = record.not_moved.filter(isLeft).map(({ name }) => name);
    const count = entries.length + left.length;
    const unread = comparison.unread.find(
      ({ kind, place }) =>
        kind === compared && place.server?.id === found.get(server)?.server.id && sameDomain(place.site?.label ?? '', site ?? ''),
    );
    const isMissing = (entry: Entry) => comparison.rows.some((row) => row.entry === entry && row.outcome === 'missing');
    const missing = [...entries.filter(isMissing).map(({ fields }) => resourceName(fields, compared) ?? ''), ...left].map(withoutSecrets);
    const other = comparison.rows.flatMap(({ entry, outcome, differences }) =>
      entry && entries.includes(entry) && outcome !== 'missing' && outcome !== 'same'
        ? [`${withoutSecrets(resourceName(entry.fields, compared) ?? '')} (${differences.map(({ field }) => field).join(', ') || outcome})`]
        : [],
    );
    return count === 0 ? [] : [countedRow({ server, site, compared }, count, unread?.error ?? missing, other)];
  });
}

async function siteRows(verifying: Verifying, site: ImportedSite): Promise<readonly VerifyRow[]> {
  const { ctx, options, record } = verifying;
  const place = { server: site.server, site: site.domain };
  const found = verifying.found.get(site.server);
  const data = found?.sites.items?.find(({ domain }) => sameDomain(wordOf(domain), site.domain));
  if (!found || !data) return [countedRow({ ...place, compared: 'site' }, 1, found?.sites.error ?? [site.domain])];
  const [tables, answers] = await Promise.all([
    options.tables ? countSides(verifying, site, found, data) : undefined,
    options.requests ? requestSides(verifying, site, found) : undefined,
  ]);
  return [
    ...(tables ? [tablesRow({ ...place, compared: 'tables' }, record.platform, tables)] : []),
    ...(answers ? answerRows(place, record.platform, answers, ctx.clock.now()) : []),
    ...listedRows(verifying, site),
  ];
}

/** The server where a site was, as ssh reaches it. */
function oldMachine({ servers, platform }: ImportRecord, { server, user }: ImportedSite): Machine {
  const { was, address, port } = servers.find(({ name }) => name === server) ?? { was: server };
  const label = `${was} at ${platform}`;
  if (address === undefined) throw new DnxError('failed', `${RECORD_FILE} has no address of ${label}.`);
  return { server: { id: '', label }, address, port, user, php: undefined };
}

/** Counts the tables of both sides. A site without a database and variables has none. */
async function countSides({ ctx, record, wanted }: Verifying, site: ImportedSite, { server, data }: FoundServer, siteData: JsonObject) {
  const { domain, directory, database } = site;
  const countOld = async () => {
    const machine = oldMachine(record, site);
    return countTables(ctx, { machine, site: { id: '', label: domain }, domain, php: undefined }, directory);
  };
  const countNew = async () =>
    countTables(ctx, siteOnMachine({ server, site: targetOf(siteData, 'site') }, { server: data, site: siteData }));
  const sides = await Promise.all([orError(countOld()), orError(countNew())]);
  const isExpected = database !== undefined || wanted.some((entry) => entry.kind === 'variable' && isOf(entry, site));
  const isNone = sides.every((side) => 'code' in side && side.code === 'not_found');
  return isNone && !isExpected ? undefined : sides;
}

async function requestSides({ ctx, options, record }: Verifying, site: ImportedSite, { server, data }: FoundServer) {
  const request = async (addressOf: () => string) => {
    const answer = await orError((async () => requestAt(ctx, site.domain, addressOf(), options.path))());
    return answer instanceof DnxError ? answer.message.replace(/\.$/, '') : answer;
  };
  const address = () => machineIn(data, server).address;
  const oldAddress = () => {
    const old = oldMachine(record, site).address;
    if (old === address()) throw new DnxError('failed', `the address in ${RECORD_FILE} is that of ${server.label} at Deploynix.`);
    return old;
  };
  return Promise.all([request(oldAddress), request(address)]);
}

/** How many servers and sites an error names. */
const NAMED = 5;

/** What cannot be read with this token comes first, because the user can do something about it. */
function exitOf(items: readonly VerifyRow[], { comparison, found, record }: Verifying): DnxError | undefined {
  const sites = [...found.values()].flatMap(({ server, sites: { error, fix } }): readonly Unread[] =>
    error ? [{ kind: 'site', place: { server }, error, fix }] : [],
  );
  const refused = unreadError([...sites, ...comparison.unread], 'so differences may be missing');
  if (refused?.code === 'forbidden') return refused;
  const [unread = [], different = []] = (['unread', 'different'] as const).map((outcome) =>
    items.filter((item) => item.outcome === outcome),
  );
  const places = (all: readonly VerifyRow[]) => {
    const names = [...new Set(all.map(subjectIn(items)))];
    return andList(names.length > NAMED + 1 ? [...names.slice(0, NAMED), `${names.length - NAMED} others`] : names);
  };
  const told = `${counted(different.length, 'difference')} from ${record.platform}: ${places(different)}.`;
  if (unread.length === 0) return different.length === 0 ? undefined : new DnxError('differences', told);
  const words = `${counted(unread.length, 'comparison')} could not be made: ${places(unread)}.`;
  return new DnxError('partial', words, different.length > 0 ? { hint: told } : {});
}
